#include "unmask/sampling/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "unmask/base/error.h"
#include "unmask/face/alignment.h"
#include "unmask/media/recompress.h"
#include "unmask/sampling/degrade.h"

namespace unmask {
namespace {

// A face is never scaled down below this many pixels: what is left then is no face.
constexpr double kSmallestFace = 56;

// Everything one draw decides, so that it can be applied to any number of images alike.
struct Draw {
  std::array<bool, kDegradations> happens{};
  std::array<double, kDegradations> strength{};  // where it happens
  double shift_y = 0;                            // as the strength of kShift, which is along x
  Tone tone;
  double motion_angle = 0;
  uint64_t noise_seed = 0;
  Enlargement enlargement = Enlargement::kLinear;
  RecompressOptions h264;
  std::array<int, 4> jpeg_phases{};  // x, y, and x, y of the second pass
  Patch patch;

  bool Happens(Degradation which) const { return happens[static_cast<size_t>(which)]; }
  double operator[](Degradation which) const { return strength[static_cast<size_t>(which)]; }
  double Or(Degradation which, double neutral) const {
    return Happens(which) ? (*this)[which] : neutral;
  }
};

// As many numbers are drawn whatever happens, so that a change of one level leaves the others'
// draws alone.
Draw MakeDraw(const AugmentOptions& options, Random& random) {
  Draw draw;
  for (size_t i = 0; i < kDegradations; ++i) {
    const DegradationLevel& level = options.levels[static_cast<Degradation>(i)];
    const bool geometric = i <= static_cast<size_t>(Degradation::kShift);
    const double scale = geometric ? (options.strength > 0 ? 1 : 0) : options.strength;
    draw.happens[i] = Chance(random, level.probability * scale);
    draw.strength[i] = Uniform(random, level.low, level.high);
  }
  const DegradationLevel& shift = options.levels[Degradation::kShift];
  draw.shift_y = Uniform(random, shift.low, shift.high);
  draw.tone.blue = Uniform(random, options.levels[Degradation::kCast].low,
                           options.levels[Degradation::kCast].high);
  draw.motion_angle = Uniform(random, 0, std::numbers::pi);
  draw.noise_seed = random();
  draw.enlargement = static_cast<Enlargement>(UniformInt(random, 3));
  draw.h264 = {.crf = static_cast<int>(std::lround(draw[Degradation::kH264])),
               .frames = 1 + static_cast<int>(UniformInt(random, 3)),
               .motion_x = static_cast<int>(UniformInt(random, 5)) - 2,
               .motion_y = static_cast<int>(UniformInt(random, 5)) - 2,
               .phase_x = static_cast<int>(UniformInt(random, 16)),
               .phase_y = static_cast<int>(UniformInt(random, 16))};
  for (int& phase : draw.jpeg_phases) phase = static_cast<int>(UniformInt(random, 16));
  draw.patch = {.area = draw[Degradation::kCutOut],
                .aspect = std::exp2(Uniform(random, -1, 1)),
                .x = Uniform(random, 0, 1),
                .y = Uniform(random, 0, 1)};
  for (uint8_t& value : draw.patch.colour) value = static_cast<uint8_t>(UniformInt(random, 256));
  return draw;
}

// A square crop and the face scale that it has.
struct Crop {
  Image image;
  double scale = 1;
};

// Where the face lies in a crop.
struct Pose {
  double zoom = 1;
  double angle = 0;       // radians
  double dx = 0, dy = 0;  // of the crop's width
};

// One antialiased warp to a crop of another scale and size.
Image Cut(const Image& image, double scale, double wanted_scale, int wanted_size,
          const Pose& pose = {}) {
  const double size = wanted_size;
  const double zoom = size / image.width * scale / wanted_scale * pose.zoom;
  const double a = zoom * std::cos(pose.angle);
  const double b = zoom * std::sin(pose.angle);
  const double centre = image.width / 2.0;
  const Similarity out_from_in = {a, b, size / 2 + pose.dx * size - (a * centre - b * centre),
                                  size / 2 + pose.dy * size - (b * centre + a * centre)};
  return WarpCrop(image, out_from_in, wanted_size);
}

Pose PoseOf(const AugmentOptions& options, const Draw& draw) {
  const double s = options.strength;
  const bool shifts = draw.Happens(Degradation::kShift);
  return {.zoom = std::pow(draw.Or(Degradation::kZoom, 1), s),
          .angle = draw.Or(Degradation::kTurn, 0) * s * std::numbers::pi / 180,
          .dx = shifts ? draw[Degradation::kShift] * s : 0,
          .dy = shifts ? draw.shift_y * s : 0};
}

// The part of a stored crop that the output may show, with as many pixels as a file has of it: what
// happens to files happens to these. Never more pixels than are stored.
Crop Record(const Image& image, const AugmentOptions& options, double resolution) {
  constexpr double kMargin = 1.35;  // for the usual zoom, turn and shift
  const double scale = std::min(options.input_scale, options.output_scale * kMargin);
  const double wanted = options.output_size * resolution * scale / options.output_scale;
  const double stored = image.width * scale / options.input_scale;
  const int size = std::max(16, static_cast<int>(std::lround(std::min(wanted, stored))));
  return {Cut(image, options.input_scale, scale, size), scale};
}

void Mirror(Image& image) {
  for (int y = 0; y < image.height; ++y) {
    uint8_t* row = image.row(y);
    for (int l = 0, r = image.width - 1; l < r; ++l, --r) {
      std::swap_ranges(row + 3 * l, row + 3 * l + 3, row + 3 * r);
    }
  }
}

void ApplyColour(Image& image, const Draw& draw) {
  using enum Degradation;
  Tone tone{.contrast = draw.Or(kContrast, 1),
            .brightness = draw.Or(kBrightness, 0),
            .gamma = draw.Or(kGamma, 1),
            .red = draw.Or(kCast, 0),
            .blue = draw.Happens(kCast) ? draw.tone.blue : 0};
  if (draw.Happens(kContrast) || draw.Happens(kBrightness) || draw.Happens(kGamma) ||
      draw.Happens(kCast)) {
    ChangeTone(image, tone);
  }
  if (draw.Happens(kSaturation)) ChangeSaturation(image, draw[kSaturation]);
  if (draw.Happens(kGrey)) ChangeSaturation(image, 0);
}

// In the order of the world: optics blur, the sensor adds noise, the upload scales and compresses.
void ApplyDegradation(Crop& crop, const Draw& draw) {
  using enum Degradation;
  Image& image = crop.image;
  if (draw.Happens(kBlur)) Blur(image, draw[kBlur]);
  if (draw.Happens(kMotion)) BlurAlongLine(image, draw[kMotion], draw.motion_angle);
  if (draw.Happens(kNoise)) AddNoise(image, draw[kNoise], draw.noise_seed);
  if (draw.Happens(kDownScale)) {
    const double face = image.width / crop.scale;
    ScaleDownAndUp(image, std::max(draw[kDownScale], kSmallestFace / face), draw.enlargement);
  }
  if (draw.Happens(kH264)) image = RecompressH264(image, draw.h264);
  const auto& phases = draw.jpeg_phases;
  const auto quality = [&](Degradation which) {
    return static_cast<int>(std::lround(draw[which]));
  };
  if (draw.Happens(kJpeg)) CompressJpeg(image, quality(kJpeg), phases[0], phases[1]);
  if (draw.Happens(kJpegAgain)) CompressJpeg(image, quality(kJpegAgain), phases[2], phases[3]);
}

}  // namespace

void AugmentOptions::Validate() const {
  if (!(strength >= 0 && strength <= 1))
    throw UsageError("augmentation strength must lie in 0 … 1");
  if (output_size < 16 || output_size > 4096) throw UsageError("output size must lie in 16 … 4096");
  if (!(input_scale > 0 && output_scale > 0)) throw UsageError("face scales must be positive");
  levels.Validate();
}

std::vector<Image> AugmentTogether(std::span<const Image> images, const AugmentOptions& options,
                                   Random& random) {
  options.Validate();
  const Draw draw = MakeDraw(options, random);
  std::vector<Image> results;
  results.reserve(images.size());
  for (const Image& image : images) {
    if (image.width != image.height || image.channels != 3 || image.empty()) {
      throw Error("augmentation takes square colour pictures");
    }
    const Pose pose = PoseOf(options, draw);
    const bool recorded = draw.Happens(Degradation::kResolution);
    Crop crop =
        recorded
            ? Record(image, options, draw[Degradation::kResolution])
            : Crop{Cut(image, options.input_scale, options.output_scale, options.output_size, pose),
                   options.output_scale};
    if (draw.Happens(Degradation::kFlip)) Mirror(crop.image);
    ApplyColour(crop.image, draw);
    ApplyDegradation(crop, draw);
    if (recorded) {
      crop.image = Cut(crop.image, crop.scale, options.output_scale, options.output_size, pose);
    }
    if (draw.Happens(Degradation::kCutOut)) CutOut(crop.image, draw.patch);
    results.push_back(std::move(crop.image));
  }
  return results;
}

Image CentreCrop(const Image& image, const AugmentOptions& options) {
  return Cut(image, options.input_scale, options.output_scale, options.output_size);
}

}  // namespace unmask
