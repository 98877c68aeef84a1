#include "unmask/face/alignment.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

// The five-point template of ArcFace (Deng et al. 2019) for 112 × 112 crops. It counts pixel
// centres from 0; half a pixel is added where it is used.
constexpr double kTemplateSize = 112;
constexpr double kTemplate[5][2] = {{38.2946, 51.6963},
                                    {73.5318, 51.5014},
                                    {56.0252, 71.7366},
                                    {41.5493, 92.3655},
                                    {70.7299, 92.2041}};

// Rows of the crop made at a time, so that a huge face needs no huge intermediate picture.
constexpr int kBandRows = 32;

// Pixels of the frame between two samples at most, with Antialiasing::kLight.
constexpr double kLightSampleDistance = 1.5;

// On each side, in relation to the crop's, of what is expected to be shown.
constexpr double kExpectedMargin = 0.05;

// The part of the frame that a square crop shows, with a margin for interpolation; may be empty.
PixelRectangle ShownPart(const Frame& frame, const Similarity& frame_from_crop, int size) {
  const auto side = static_cast<float>(size);
  Box box{1e9f, 1e9f, -1e9f, -1e9f};
  for (const Point corner : {Point{0, 0}, Point{side, 0}, Point{0, side}, Point{side, side}}) {
    const Point p = frame_from_crop(corner);
    box = {std::min(box.x0, p.x), std::min(box.y0, p.y), std::max(box.x1, p.x),
           std::max(box.y1, p.y)};
  }
  const auto column = [&](double x) {
    return static_cast<int>(std::clamp<double>(x, 0, frame.width()));
  };
  const auto row = [&](double y) {
    return static_cast<int>(std::clamp<double>(y, 0, frame.height()));
  };
  const int left = column(box.x0 - 2.0), top = row(box.y0 - 2.0);
  return {left, top, column(box.x1 + 3.0) - left, row(box.y1 + 3.0) - top};
}

}  // namespace

// The closed form in two dimensions: with centred points p and targets q,
// a + ib = Σ conj(p)·q / Σ |p|², which Umeyama's solution without reflection reduces to.
Similarity FitSimilarity(std::span<const Correspondence> points) {
  const auto count = static_cast<double>(points.size());
  double px = 0, py = 0, qx = 0, qy = 0;
  for (const Correspondence& c : points) {
    px += c.from_x / count;
    py += c.from_y / count;
    qx += c.to_x / count;
    qy += c.to_y / count;
  }
  double dot = 0, cross = 0, square = 0;
  for (const Correspondence& c : points) {
    const double x = c.from_x - px, y = c.from_y - py;
    const double u = c.to_x - qx, v = c.to_y - qy;
    dot += x * u + y * v;
    cross += x * v - y * u;
    square += x * x + y * y;
  }
  Similarity t;
  t.a = square > 1e-12 ? dot / square : 1;
  t.b = square > 1e-12 ? cross / square : 0;
  t.tx = qx - (t.a * px - t.b * py);
  t.ty = qy - (t.b * px + t.a * py);
  return t;
}

Similarity CropFromFrame(const FivePoints& points, const AlignmentOptions& options) {
  if (options.size < 1 || !(options.scale > 0)) {
    throw Error("alignment: size and scale must be positive");
  }
  std::array<Correspondence, 5> pairs{};
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto target = [&](int axis) {
      const double from_centre = (kTemplate[i][axis] + 0.5 - kTemplateSize / 2) / kTemplateSize;
      return options.size * (0.5 + from_centre / options.scale);
    };
    pairs[i] = {points[i].x, points[i].y, target(0), target(1)};
  }
  return FitSimilarity(pairs);
}

// Where the crop is smaller than the face, the warp runs on a grid `multiple` times as fine, and
// the average of each cell is the crop's pixel.
Image WarpCrop(const Frame& frame, const Similarity& crop_from_frame, int size,
               Antialiasing antialiasing) {
  const Similarity frame_from_crop = crop_from_frame.Inverse();
  const double shrink = frame_from_crop.scale();
  if (!std::isfinite(shrink) || frame.width() < 1 || frame.height() < 1 || size < 1) {
    throw Error("alignment: the face or the crop has no extent");
  }
  const int limit = std::max(1, 2 * std::max(frame.width(), frame.height()) / size);
  const double finer =
      antialiasing == Antialiasing::kFull ? shrink - 0.05 : shrink / kLightSampleDistance;
  const int multiple = std::clamp(static_cast<int>(std::ceil(finer)), 1, limit);
  const PixelRectangle shown = ShownPart(frame, frame_from_crop, size);
  if (shown.width < 1 || shown.height < 1) return Image(size, size);
  if (std::max(shown.width, shown.height) >= SHRT_MAX) {
    throw Error("alignment: the face is wider or higher than 32766 pixels",
                "Scale the picture down first.");
  }
  const Image part = frame.Part(shown);
  const cv::Mat source = ViewOf(part);
  Image crop(size, size, part.channels);
  cv::Mat target = ViewOf(crop);
  for (int top = 0; top < size; top += kBandRows) {
    const int rows = std::min(kBandRows, size - top);
    // OpenCV counts pixel centres from 0: fine pixel (x, y) is crop point ((x + ½)/m, top + …).
    const double a = frame_from_crop.a / multiple;
    const double b = frame_from_crop.b / multiple;
    const double x0 = 0.5, y0 = 0.5 + static_cast<double>(top) * multiple;
    const double tx = frame_from_crop.tx - 0.5 - shown.x;
    const double ty = frame_from_crop.ty - 0.5 - shown.y;
    const cv::Matx23d source_from_fine(a, -b, a * x0 - b * y0 + tx,  //
                                       b, a, b * x0 + a * y0 + ty);
    cv::Mat fine;
    cv::warpAffine(source, fine, source_from_fine, {size * multiple, rows * multiple},
                   cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
    cv::Mat band = target.rowRange(top, top + rows);
    if (multiple == 1) {
      fine.copyTo(band);
    } else {
      cv::resize(fine, band, band.size(), 0, 0, cv::INTER_AREA);
    }
  }
  return crop;
}

Image WarpCrop(const Image& frame, const Similarity& crop_from_frame, int size) {
  return WarpCrop(*FrameOf(frame), crop_from_frame, size);
}

PixelRectangle ExpectedPart(const Frame& frame, const FivePoints& points,
                            const AlignmentOptions& options) {
  AlignmentOptions wider = options;
  wider.scale *= 1 + 2 * kExpectedMargin;
  const Similarity shown = CropFromFrame(points, wider).Inverse();
  if (!std::isfinite(shown.a + shown.b + shown.tx + shown.ty)) return {};
  return ShownPart(frame, shown, options.size);
}

AlignedFace Align(const Image& frame, Face face, const AlignmentOptions& options) {
  return Align(*FrameOf(frame), std::move(face), options);
}

AlignedFace Align(const Frame& frame, Face face, const AlignmentOptions& options) {
  AlignedFace aligned;
  aligned.crop_from_frame = CropFromFrame(face.points, options);
  aligned.crop = WarpCrop(frame, aligned.crop_from_frame, options.size);
  face.blur = BlurMeasure(aligned.crop);
  aligned.face = std::move(face);
  return aligned;
}

float BlurMeasure(const Image& crop) {
  if (crop.empty()) return 0;
  cv::Mat grey = ViewOf(crop);
  if (crop.channels == 3) {
    cv::Mat converted;
    cv::cvtColor(grey, converted, cv::COLOR_RGB2GRAY);
    grey = converted;
  }
  cv::Mat laplacian;
  cv::Laplacian(grey, laplacian, CV_16S);
  cv::Scalar mean, deviation;
  cv::meanStdDev(laplacian, mean, deviation);
  return static_cast<float>(deviation[0] * deviation[0]);
}

}  // namespace unmask
