#include "unmask/face/detector.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <span>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/paths.h"
#include "unmask/infer/session_pool.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr int kInput = 192;  // pixels, square
constexpr int kGrid = 48;    // anchors per row and column
constexpr int kValues = 16;  // per anchor: centre, size, six key points
constexpr int kAnchors = kGrid * kGrid;
// Faces of this size in the network's input (pixels): 19 of 20 are found, fewer below.
constexpr double kSmallestFound = 14;
// Neighbouring tiles share this part of their side: more than the largest face that the next
// coarser level may miss.
constexpr double kOverlap = 0.25;

// A part of the frame that the network looks at, letterboxed.
struct Region {
  cv::Rect rect;
  bool tile = false;
};

std::vector<Region> RegionsOf(const Frame& frame, const FaceDetectorOptions& options) {
  std::vector<Region> regions = {{cv::Rect(0, 0, frame.width(), frame.height()), false}};
  if (!options.small_faces) return regions;
  const double smallest_side = options.smallest_face * kInput / kSmallestFound;
  double side = std::max(frame.width(), frame.height());
  while (side > smallest_side * 1.1) {
    side = std::max(side / 2, smallest_side);
    const auto starts = [&](int length) {
      std::vector<int> result;
      const double room = std::max(0.0, length - side);
      const int count = 1 + static_cast<int>(std::ceil(room / (side * (1 - kOverlap))));
      for (int i = 0; i < count; ++i) {
        result.push_back(count == 1 ? 0 : static_cast<int>(std::lround(room * i / (count - 1))));
      }
      return result;
    };
    const cv::Rect whole = regions[0].rect;
    const int pixels = static_cast<int>(std::ceil(side));
    for (const int y : starts(frame.height())) {
      for (const int x : starts(frame.width())) {
        regions.push_back({cv::Rect(x, y, pixels, pixels) & whole, true});
      }
    }
  }
  return regions;
}

// A face that fills the frame is looked for at this part of the input's size.
constexpr double kCloseUpZoom = 0.5;

// Where the picture lies in the network's input: input = offset + scale · (frame − corner).
struct Letterbox {
  double offset_x, offset_y, scale_x, scale_y;
};

// The size of a picture that fills the input, or `zoom` of it.
cv::Size SizeInInput(const cv::Size& picture, double zoom) {
  const double scale = zoom * kInput / std::max(picture.width, picture.height);
  return {std::max(1, static_cast<int>(std::lround(picture.width * scale))),
          std::max(1, static_cast<int>(std::lround(picture.height * scale)))};
}

// `picture` at the given size.
cv::Mat Resized(const cv::Mat& picture, const cv::Size& size) {
  const bool shrinks = size.width < picture.cols || size.height < picture.rows;
  cv::Mat resized;
  cv::resize(picture, resized, size, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  return resized;
}

// `small`, a picture of `original` size reduced, in the middle of the input.
Letterbox FillInput(const cv::Mat& small, const cv::Size& original, std::vector<float>& input) {
  const int left = (kInput - small.cols) / 2;
  const int top = (kInput - small.rows) / 2;
  std::fill(input.begin(), input.end(), -1.0f);
  cv::Mat canvas(kInput, kInput, CV_32FC3, input.data());
  cv::Mat inner = canvas(cv::Rect(left, top, small.cols, small.rows));
  small.convertTo(inner, CV_32F, 1 / 127.5, -1.0);
  return {static_cast<double>(left), static_cast<double>(top),
          static_cast<double>(small.cols) / original.width,
          static_cast<double>(small.rows) / original.height};
}

// The detection of one anchor, in frame pixels.
Detection Decode(const float* values, int anchor, float confidence, const Letterbox& box,
                 const cv::Rect& rect) {
  const float anchor_x = (anchor % kGrid + 0.5f) * kInput / kGrid;
  const float anchor_y = (anchor / kGrid + 0.5f) * kInput / kGrid;
  const auto to_frame = [&](double x, double y) {
    return Point{static_cast<float>((x - box.offset_x) / box.scale_x + rect.x),
                 static_cast<float>((y - box.offset_y) / box.scale_y + rect.y)};
  };
  const auto key_point = [&](int k) {
    return to_frame(values[4 + 2 * k] + anchor_x, values[5 + 2 * k] + anchor_y);
  };
  const float x = values[0] + anchor_x;
  const float y = values[1] + anchor_y;
  const Point low = to_frame(x - values[2] / 2, y - values[3] / 2);
  const Point high = to_frame(x + values[2] / 2, y + values[3] / 2);
  return {{low.x, low.y, high.x, high.y},
          confidence,
          key_point(0),
          key_point(1),
          key_point(2),
          key_point(3)};
}

// A face cut by the edge of a tile is seen whole by a neighbour or in the full frame.
bool TouchesInnerEdge(const Box& box, const cv::Rect& tile, const cv::Size& frame) {
  const float margin = 0.01f * static_cast<float>(tile.width);
  return (tile.x > 0 && box.x0 < static_cast<float>(tile.x) + margin) ||
         (tile.y > 0 && box.y0 < static_cast<float>(tile.y) + margin) ||
         (tile.br().x < frame.width && box.x1 > static_cast<float>(tile.br().x) - margin) ||
         (tile.br().y < frame.height && box.y1 > static_cast<float>(tile.br().y) - margin);
}

// Weighted non-maximum suppression, as MediaPipe does: the boxes that overlap the best one are
// averaged with their confidences as weights, which steadies the box.
Detection Merge(std::span<const Detection> group) {
  Detection merged{};
  float total = 0;
  const auto add = [](Point& sum, Point p, float w) {
    sum.x += w * p.x;
    sum.y += w * p.y;
  };
  for (const Detection& d : group) {
    const float w = d.confidence;
    total += w;
    merged.box.x0 += w * d.box.x0;
    merged.box.y0 += w * d.box.y0;
    merged.box.x1 += w * d.box.x1;
    merged.box.y1 += w * d.box.y1;
    add(merged.right_eye, d.right_eye, w);
    add(merged.left_eye, d.left_eye, w);
    add(merged.nose, d.nose, w);
    add(merged.mouth, d.mouth, w);
  }
  for (float* value :
       {&merged.box.x0, &merged.box.y0, &merged.box.x1, &merged.box.y1, &merged.right_eye.x,
        &merged.right_eye.y, &merged.left_eye.x, &merged.left_eye.y, &merged.nose.x, &merged.nose.y,
        &merged.mouth.x, &merged.mouth.y}) {
    *value /= total;
  }
  merged.confidence = group[0].confidence;
  return merged;
}

// Share of the smaller box that lies in the other.
double Containment(const Box& a, const Box& b) {
  const double width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  const double height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  if (!(width > 0 && height > 0)) return 0;
  const double smaller = std::min(a.width() * a.height(), b.width() * b.height());
  return smaller > 0 ? width * height / smaller : 0;
}

// One detection per face. Tiles show a face at other scales, where its box differs more: there a
// box inside another is the same face too.
std::vector<Detection> Suppress(std::vector<Detection> found, double iou, bool tiles) {
  std::stable_sort(found.begin(), found.end(), [](const Detection& a, const Detection& b) {
    return a.confidence > b.confidence;
  });
  std::vector<Detection> kept;
  while (!found.empty()) {
    const Box best = found[0].box;
    const auto apart = [&](const Detection& d) {
      return IntersectionOverUnion(best, d.box) <= iou &&
             !(tiles && Containment(best, d.box) > 0.7);
    };
    // The best itself always belongs to its group, even when its box is degenerate.
    const auto end = std::stable_partition(found.begin() + 1, found.end(),
                                           [&](const Detection& d) { return !apart(d); });
    kept.push_back(Merge({found.begin(), end}));
    found.erase(found.begin(), end);
  }
  return kept;
}

}  // namespace

void FaceDetectorOptions::Validate() const {
  const auto check = [](bool good, const std::string& what) {
    if (!good) throw UsageError("face detector: " + what);
  };
  check(min_confidence > 0 && min_confidence <= 1, "the confidence must be in (0, 1]");
  check(nms_iou >= 0 && nms_iou <= 1, "the overlap of two faces must be in [0, 1]");
  check(smallest_face >= 8, "the smallest face must have at least 8 pixels");
  check(threads >= 0, "the number of threads must not be negative");
}

struct FaceDetector::Impl {
  FaceDetectorOptions options;
  SessionPool sessions;

  explicit Impl(const FaceDetectorOptions& o)
      : options(o),
        sessions(FindAsset("networks/face_detection_full_range.tflite"), {.threads = 1}) {
    sessions.Take();  // what is wrong with the network comes out now
  }

  // `small`: the region reduced.
  void Search(const cv::Mat& small, const Region& region, const cv::Size& frame,
              double min_confidence, std::vector<Detection>& found);
};

void FaceDetector::Impl::Search(const cv::Mat& small, const Region& region, const cv::Size& frame,
                                double min_confidence, std::vector<Detection>& found) {
  std::vector<float> input(kInput * kInput * 3);
  const Letterbox box = FillInput(small, region.rect.size(), input);
  const SessionPool::Loan session = sessions.Take();
  std::span<const float> values, logits;
  for (const TensorView& view : session->Run(input, {1, kInput, kInput, 3})) {
    if (view.values.size() == kAnchors * kValues) values = view.values;
    if (view.values.size() == kAnchors) logits = view.values;
  }
  if (values.empty() || logits.empty()) {
    throw Error("the face detection network has other outputs than expected",
                "Run ./setup to fetch it again.");
  }
  for (int i = 0; i < kAnchors; ++i) {
    const float confidence = 1 / (1 + std::exp(-logits[i]));
    if (!(confidence >= min_confidence)) continue;
    const Detection d = Decode(&values[i * kValues], i, confidence, box, region.rect);
    if (d.box.width() <= 0 || d.box.height() <= 0) continue;
    if (region.tile && TouchesInnerEdge(d.box, region.rect, frame)) continue;
    found.push_back(d);
  }
}

FaceDetector::FaceDetector(const FaceDetectorOptions& options) {
  options.Validate();
  impl_ = std::make_unique<Impl>(options);
}

FaceDetector::~FaceDetector() = default;

std::vector<Detection> FaceDetector::Detect(const Image& frame) {
  return Detect(frame, impl_->options);
}

std::vector<Detection> FaceDetector::Detect(const Image& frame,
                                            const FaceDetectorOptions& options) {
  if (frame.empty() || frame.channels != 3) throw Error("face detector: needs an RGB picture");
  return Detect(*FrameOf(frame), options);
}

std::vector<Detection> FaceDetector::Detect(const Frame& frame,
                                            const FaceDetectorOptions& options) {
  std::vector<Detection> found;
  const cv::Size size(frame.width(), frame.height());
  const std::vector<Region> regions = RegionsOf(frame, options);
  const Image& view = DetectorView(frame);
  const cv::Mat small = Resized(ViewOf(view), SizeInInput(size, 1));
  impl_->Search(small, regions[0], size, options.min_confidence, found);
  if (regions.size() > 1) {
    const Image whole = frame.Whole();
    for (const Region& tile : std::span(regions).subspan(1)) {
      const cv::Mat part = ViewOf(whole)(tile.rect);
      impl_->Search(Resized(part, SizeInInput(part.size(), 1)), tile, size, options.min_confidence,
                    found);
    }
  }
  if (found.empty()) {
    // A face that fills the frame is larger than the network knows: look from further away.
    impl_->Search(Resized(ViewOf(view), SizeInInput(size, kCloseUpZoom)), regions[0], size,
                  options.min_confidence, found);
  }
  return Suppress(std::move(found), options.nms_iou, regions.size() > 1);
}

const Image& DetectorView(const Frame& frame) {
  const cv::Size size = SizeInInput({frame.width(), frame.height()}, 1);
  return frame.Reduced(std::min(size.width, frame.width()), std::min(size.height, frame.height()));
}

}  // namespace unmask
