// The traces of generators that leave no blending: of up-sampling and of a wrong spectrum, over the
// face or the whole picture, from nearly invisible to visible. The real half loses or gains as much
// detail by plain scaling, blurring, sharpening or noise, always where the whole picture is changed
// and in half of the pairs where the face is: it is the trace that tells, not the detail.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <opencv2/imgproc.hpp>

#include "unmask/forge/face_forgeries.h"
#include "unmask/forge/face_mask.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/forge/generator_traces.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr double kSmallestFace = 48;  // pixels; smaller it is a mosaic

Traced DrawTrace(const cv::Mat& picture, double face, Random& random) {
  static constexpr int kPeriods[] = {2, 2, 4, 4, 8};
  const auto largest = static_cast<int>(std::clamp(face / kSmallestFace, 1.0, 4.0));
  switch (UniformInt(random, largest < 2 ? 2 : 3)) {
    case 0:
      return ChangeSpectrum(picture, random);
    case 1:
      return Shuffle(picture, kPeriods[UniformInt(random, std::size(kPeriods))], random);
    default:
      return UpConvolve(picture, 2 + static_cast<int>(UniformInt(random, largest - 1)), random);
  }
}

}  // namespace

RealAndFake Resample(const ForgeryInput& input, Random& random) {
  const FaceCrop& face = input.face;
  const double amount = std::exp2(Uniform(random, -0.75, 0));
  const bool everywhere = Chance(random, 0.4) && input.change_target;
  const Image mask = SoftenMask(
      FaceMask(face.mesh, DrawRegion(random), face.image.width, face.image.height), random);
  const bool half = Chance(random, 0.5);
  const bool alike = input.change_target && (everywhere || half);
  const cv::Mat picture = ViewOf(face.image);
  const Traced trace = DrawTrace(picture, FaceSize(face.mesh), random);

  cv::Mat base;
  if (alike) {
    base = trace.plain;
  } else {
    picture.convertTo(base, CV_32FC3);
  }

  RealAndFake pair{Image(picture.cols, picture.rows), Image(picture.cols, picture.rows)};
  cv::Mat real = ViewOf(pair.real), fake = ViewOf(pair.fake);
  base.convertTo(real, CV_8U);
  const auto share = static_cast<float>(amount * input.strength);
  for (int y = 0; y < base.rows; ++y) {
    const auto* weight = mask.row(y);
    const auto* from = base.ptr<float>(y);
    const auto* to = trace.traced.ptr<float>(y);
    auto* out = fake.ptr<uint8_t>(y);
    for (int x = 0; x < base.cols; ++x) {
      const float w = share * (everywhere ? 1.f : static_cast<float>(weight[x]) / 255);
      for (int c = 3 * x; c < 3 * x + 3; ++c) {
        out[c] = cv::saturate_cast<uint8_t>(from[c] + w * (to[c] - from[c]));
      }
    }
  }
  return pair;
}

}  // namespace unmask
