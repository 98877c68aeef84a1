#include "unmask/robustness/scene.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "unmask/base/error.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr double kRoom = 2.0;  // side of the square ÷ size of the face

int ColumnsFor(size_t people) {
  return static_cast<int>(std::ceil(std::sqrt(static_cast<double>(people)) - 1e-9));
}

float Median(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The part of the excerpt's frames that goes into a scene; may reach over the frame's edges.
cv::Rect SquareAround(const Excerpt& excerpt) {
  std::vector<float> x, y;
  for (const auto& [frame, face] : MainFaces(excerpt)) {
    const auto [left, right] = std::minmax_element(face->mesh.begin(), face->mesh.end(),
                                                   [](Point a, Point b) { return a.x < b.x; });
    const auto [top, bottom] = std::minmax_element(face->mesh.begin(), face->mesh.end(),
                                                   [](Point a, Point b) { return a.y < b.y; });
    x.push_back((left->x + right->x) / 2);
    y.push_back((top->y + bottom->y) / 2);
  }
  if (x.empty()) throw Error("an excerpt without a face cannot be put into a scene");
  const int side = std::max(2, cvRound(kRoom * excerpt.face_size));
  return {cvRound(Median(x)) - side / 2, cvRound(Median(y)) - side / 2, side, side};
}

// `square` of the frame, its edge pixels repeated where it reaches over them.
void DrawTile(const Image& frame, const cv::Rect& square, cv::Mat tile) {
  const cv::Mat view = ViewOf(frame);
  const cv::Rect inside = square & cv::Rect(0, 0, view.cols, view.rows);
  cv::Mat whole;
  cv::copyMakeBorder(view(inside), whole, inside.y - square.y, square.br().y - inside.br().y,
                     inside.x - square.x, square.br().x - inside.br().x, cv::BORDER_REPLICATE);
  cv::resize(whole, tile, tile.size(), 0, 0,
             square.width >= tile.cols ? cv::INTER_AREA : cv::INTER_CUBIC);
}

constexpr double kTolerance = 1e-3;  // seconds that containers round times by

// Seconds from the beginning of the first frame to the end of the last.
double LengthOf(const FrameSequence& frames) {
  const double rate = frames.frames_per_second;
  return frames.times.back() - frames.times.front() + (rate > 0 ? 1 / rate : 1) - kTolerance;
}

// The last frame that has begun `seconds` after the first.
size_t FrameAt(const FrameSequence& frames, double seconds) {
  const double time = frames.times.front() + seconds + kTolerance;
  const auto next = std::upper_bound(frames.times.begin(), frames.times.end(), time);
  return static_cast<size_t>(std::max<std::ptrdiff_t>(1, next - frames.times.begin())) - 1;
}

}  // namespace

FrameSequence PutBesideEachOther(std::span<const Excerpt* const> excerpts) {
  const int columns = ColumnsFor(excerpts.size());
  const int rows = (static_cast<int>(excerpts.size()) + columns - 1) / columns;
  double seconds = std::numeric_limits<double>::infinity();
  for (const Excerpt* excerpt : excerpts) seconds = std::min(seconds, LengthOf(excerpt->frames));
  const std::vector<double>& times = excerpts[0]->frames.times;
  const auto count = static_cast<size_t>(
      std::count_if(times.begin(), times.end(), [&](double t) { return t - times[0] < seconds; }));
  FrameSequence scene = {.images = {},
                         .times = {},
                         .frames_per_second = excerpts[0]->frames.frames_per_second,
                         .is_picture = excerpts[0]->frames.is_picture};
  for (size_t i = 0; i < count; ++i) {
    scene.images.emplace_back(columns * kSceneTile, rows * kSceneTile);
    scene.times.push_back(times[i]);
  }
  for (size_t person = 0; person < excerpts.size(); ++person) {
    const cv::Rect square = SquareAround(*excerpts[person]);
    const int x = static_cast<int>(person) % columns, y = static_cast<int>(person) / columns;
    const FrameSequence& own = excerpts[person]->frames;
    for (size_t i = 0; i < count; ++i) {
      cv::Mat frame = ViewOf(scene.images[i]);
      DrawTile(own.images[FrameAt(own, times[i] - times[0])], square,
               frame(cv::Rect(x * kSceneTile, y * kSceneTile, kSceneTile, kSceneTile)));
    }
  }
  return scene;
}

std::vector<double> ScoresOfPeople(const Verdict& verdict, size_t people) {
  const int columns = ColumnsFor(people);
  std::vector<double> scores(people, std::numeric_limits<double>::quiet_NaN());
  for (const TrackResult& track : verdict.tracks) {
    const Box& box = track.places[track.places.size() / 2].box;
    const int x = std::clamp(static_cast<int>((box.x0 + box.x1) / 2) / kSceneTile, 0, columns - 1);
    const int y = std::max(0, static_cast<int>((box.y0 + box.y1) / 2) / kSceneTile);
    const auto person = static_cast<size_t>(y * columns + x);
    if (person >= people) continue;
    if (!(scores[person] >= track.score)) scores[person] = track.score;
  }
  return scores;
}

}  // namespace unmask
