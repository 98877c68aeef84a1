#include "unmask/detect/draw.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/detect/verdict_text.h"
#include "unmask/media/frame_source.h"
#include "unmask/media/opencv_view.h"
#include "unmask/media/picture.h"
#include "unmask/media/video_writer.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// Okabe and Ito's blue and orange; text on them in the colour that can be read.
const cv::Scalar kBlue(0, 114, 178);
const cv::Scalar kOrange(230, 159, 0);
const cv::Scalar kGrey(70, 70, 70);
const cv::Scalar kWhite(255, 255, 255);
const cv::Scalar kBlack(0, 0, 0);
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;

struct Style {
  int line;      // pixels
  int text;      // height of a capital letter, pixels
  int stroke;    // of the letters, pixels
  double scale;  // of the font
  int padding;   // around text
};

Style StyleFor(const cv::Mat& image) {
  const double side = std::min(image.rows, image.cols);
  Style style;
  style.line = std::max(1, static_cast<int>(std::lround(side / 240)));
  style.text = std::max(7, static_cast<int>(std::lround(side / 36)));
  style.stroke = std::max(1, static_cast<int>(std::lround(style.text / 9.0)));
  style.scale = cv::getFontScaleFromHeight(kFont, style.text, style.stroke);
  style.padding = std::max(2, style.text / 3);
  return style;
}

// Where the track is in a frame, evenly between two detections; nothing outside of its time.
std::optional<Box> PlaceAt(const TrackResult& track, int64_t frame, double time, double last_time) {
  const std::vector<TrackPlace>& places = track.places;
  const auto after = std::lower_bound(places.begin(), places.end(), frame,
                                      [](const TrackPlace& p, int64_t f) { return p.frame < f; });
  if (after == places.end()) {
    // The last frames of a video come after the last one that was searched.
    const double held =
        places.size() < 2 ? 0.1 : places.back().time - places[places.size() - 2].time;
    const bool holds = track.end >= last_time && time - track.end <= std::max(held, 0.1);
    return holds ? std::optional<Box>(places.back().box) : std::nullopt;
  }
  if (after->frame == frame) return after->box;
  if (after == places.begin()) return std::nullopt;
  const TrackPlace& before = *(after - 1);
  const double span = after->time - before.time;
  const auto t =
      static_cast<float>(span > 0 ? std::clamp((time - before.time) / span, 0.0, 1.0) : 0);
  const auto between = [t](float a, float b) { return a + t * (b - a); };
  return Box{between(before.box.x0, after->box.x0), between(before.box.y0, after->box.y0),
             between(before.box.x1, after->box.x1), between(before.box.y1, after->box.y1)};
}

// Text on a filled ground whose lower left corner is at (x, bottom), moved into the picture.
void DrawLabel(cv::Mat& image, const Style& style, const std::string& text, int x, int bottom,
               const cv::Scalar& ground, const cv::Scalar& ink) {
  int baseline = 0;
  const cv::Size size = cv::getTextSize(text, kFont, style.scale, style.stroke, &baseline);
  const int width = size.width + 2 * style.padding;
  const int height = style.text + 2 * style.padding;
  x = std::clamp(x, 0, std::max(0, image.cols - width));
  bottom = std::clamp(bottom, height, std::max(height, image.rows));
  cv::rectangle(image, cv::Rect(x, bottom - height, width, height), ground, cv::FILLED);
  cv::putText(image, text, {x + style.padding, bottom - style.padding}, kFont, style.scale, ink,
              style.stroke, cv::LINE_AA);
}

std::string PercentWithoutSpace(double score) {
  std::string text = DescribePercent(score);
  std::erase(text, ' ');
  return text;
}

void DrawBox(cv::Mat& image, const Style& style, const Box& box, const cv::Scalar& colour) {
  const cv::Point from(static_cast<int>(std::lround(box.x0)),
                       static_cast<int>(std::lround(box.y0)));
  const cv::Point to(static_cast<int>(std::lround(box.x1)), static_cast<int>(std::lround(box.y1)));
  cv::rectangle(image, from, to, kBlack, style.line + 2);  // an edge against any background
  cv::rectangle(image, from, to, colour, style.line);
}

void DrawBanner(cv::Mat& image, const Style& style, const Verdict& verdict) {
  std::string text = "no face found";
  cv::Scalar ground = kGrey, ink = kWhite;
  if (verdict.judgement == Judgement::kFake || verdict.judgement == Judgement::kReal) {
    const bool fake = verdict.judgement == Judgement::kFake;
    text = (fake ? "FAKE " : "REAL ") + PercentWithoutSpace(verdict.score);
    ground = fake ? kOrange : kBlue;
    ink = fake ? kBlack : kWhite;
  }
  DrawLabel(image, style, text, 0, 0, ground, ink);
}

}  // namespace

void CheckDrawing(const fs::path& input, const fs::path& output) {
  std::error_code ignored;
  if (fs::equivalent(input, output, ignored)) {
    throw UsageError("the drawing would overwrite its input " + input.string(),
                     "Give another name to draw to");
  }
  const AtomicFile writable(output);
  const bool is_picture = OpenMedia(input)->info().is_picture;
  if (is_picture != IsPicturePath(output)) {
    throw UsageError(
        input.string() + " is a " + (is_picture ? "picture" : "video") +
            " and cannot be drawn to " + output.string(),
        is_picture ? "Draw to a .png or .jpg file" : "Draw to a .mp4, .mkv or .mov file");
  }
}

void DrawOnFrame(const Verdict& verdict, int64_t frame, double time, Image& image) {
  cv::Mat canvas = ViewOf(image);
  const Style style = StyleFor(canvas);
  double last_time = 0;
  for (const TrackResult& track : verdict.tracks) last_time = std::max(last_time, track.end);
  std::vector<std::pair<const TrackResult*, Box>> shown;
  for (const TrackResult& track : verdict.tracks) {
    if (const auto box = PlaceAt(track, frame, time, last_time)) shown.emplace_back(&track, *box);
  }
  for (const auto& [track, box] : shown) {
    DrawBox(canvas, style, box, track->fake ? kOrange : kBlue);
  }
  for (const auto& [track, box] : shown) {  // above every box
    const std::string text = std::to_string(track->id) + (track->fake ? " fake " : " real ") +
                             PercentWithoutSpace(track->score);
    DrawLabel(canvas, style, text, static_cast<int>(std::lround(box.x0)) - style.line / 2,
              static_cast<int>(std::lround(box.y0)), track->fake ? kOrange : kBlue,
              track->fake ? kBlack : kWhite);
  }
  DrawBanner(canvas, style, verdict);
}

void DrawVerdict(const Verdict& verdict, const fs::path& output, const CancelToken* cancel,
                 const std::function<void(double)>& progress) {
  CheckDrawing(verdict.file, output);
  const auto source = OpenMedia(verdict.file);
  const MediaInfo& info = source->info();
  std::optional<VideoWriter> writer;
  if (!info.is_picture) {
    VideoWriterOptions options;
    options.preset = "veryfast";
    options.audio_from = verdict.file;
    if (info.frames_per_second > 0) options.frames_per_second = info.frames_per_second;
    writer.emplace(output, info.width, info.height, options);
  }
  while (source->Grab()) {
    if (cancel != nullptr) cancel->Check();
    Image image = source->Retrieve();
    DrawOnFrame(verdict, source->index(), source->time(), image);
    if (!writer) {
      WritePicture(output, image);
      return;
    }
    writer->Write(image, source->time());
    if (progress) progress(source->time());
  }
  if (writer) writer->Finish();
}

}  // namespace unmask
