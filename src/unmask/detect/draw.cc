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
  style.line = std::max(2, static_cast<int>(std::lround(side / 150)));
  style.text = std::max(8, static_cast<int>(std::lround(side / 36)));
  style.stroke = std::max(1, static_cast<int>(std::lround(style.text / 9.0)));
  style.scale = cv::getFontScaleFromHeight(kFont, style.text, style.stroke);
  style.padding = std::max(2, style.text / 3);
  return style;
}

// What decides whether a track is seen in a frame where it was not detected.
struct Gaps {
  double last_time = 0;  // of any detection
  double longest = 0;    // seconds between two detections; after longer ones the face was hidden
  double hold = 0;       // seconds after the last detection of the video
};

Gaps GapsOf(const Verdict& verdict) {
  const double interval = verdict.frames_searched > 0
                              ? verdict.duration / static_cast<double>(verdict.frames_searched)
                              : 0;
  // A picture that stays as it is is searched three times a second.
  Gaps gaps{.longest = std::max(0.45, 2.5 * interval), .hold = std::max(0.35, 1.5 * interval)};
  for (const TrackResult& track : verdict.tracks) {
    gaps.last_time = std::max(gaps.last_time, track.end);
  }
  return gaps;
}

// Where the track is in a frame, evenly between two detections; nothing outside of its time.
std::optional<Box> PlaceAt(const TrackResult& track, int64_t frame, double time, const Gaps& gaps) {
  const std::vector<TrackPlace>& places = track.places;
  const auto after = std::lower_bound(places.begin(), places.end(), frame,
                                      [](const TrackPlace& p, int64_t f) { return p.frame < f; });
  if (after == places.end()) {  // the last frames of a video come after the last one searched
    const bool holds = track.end >= gaps.last_time && time - track.end <= gaps.hold;
    return holds ? std::optional<Box>(places.back().box) : std::nullopt;
  }
  if (after->frame == frame) return after->box;
  if (after == places.begin()) return std::nullopt;
  const TrackPlace& before = *(after - 1);
  const double span = after->time - before.time;
  if (!(span > 0) || span > gaps.longest) return std::nullopt;
  const auto t = static_cast<float>(std::clamp((time - before.time) / span, 0.0, 1.0));
  const auto between = [t](float a, float b) { return a + t * (b - a); };
  return Box{between(before.box.x0, after->box.x0), between(before.box.y0, after->box.y0),
             between(before.box.x1, after->box.x1), between(before.box.y1, after->box.y1)};
}

struct Label {
  std::string text;
  cv::Scalar ground;
  cv::Scalar ink;
};

// Puts labels where they hide neither each other nor more of the picture than they must.
class Labels {
 public:
  Labels(cv::Mat& image, const Style& style) : image_(image), style_(style) {}

  // Text on a filled ground above the rectangle; where another label is in the way, below it.
  void Draw(const Label& label, const cv::Rect& at) {
    int baseline = 0;
    const int letters =
        cv::getTextSize(label.text, kFont, style_.scale, style_.stroke, &baseline).width;
    const cv::Size size(letters + 2 * style_.padding, style_.text + 2 * style_.padding);
    const cv::Rect above = Inside({{at.x, at.y - size.height}, size});
    const cv::Rect below = Inside({{at.x, at.y + at.height}, size});
    const cv::Rect place = IsFree(above) || !IsFree(below) ? above : below;
    taken_.push_back(place);
    cv::rectangle(image_, place, label.ground, cv::FILLED);
    cv::putText(image_, label.text,
                {place.x + style_.padding, place.y + place.height - style_.padding}, kFont,
                style_.scale, label.ink, style_.stroke, cv::LINE_AA);
  }

 private:
  cv::Rect Inside(cv::Rect r) const {
    r.x = std::clamp(r.x, 0, std::max(0, image_.cols - r.width));
    r.y = std::clamp(r.y, 0, std::max(0, image_.rows - r.height));
    return r;
  }
  bool IsFree(const cv::Rect& r) const {
    return std::none_of(taken_.begin(), taken_.end(),
                        [&](const cv::Rect& other) { return (r & other).area() > 0; });
  }

  cv::Mat& image_;
  const Style& style_;
  std::vector<cv::Rect> taken_;
};

std::string PercentWithoutSpace(double score) {
  std::string text = DescribePercent(score);
  std::erase(text, ' ');
  return text;
}

const cv::Scalar& ColourOf(Judgement judgement) {
  if (judgement == Judgement::kFake) return kOrange;
  return judgement == Judgement::kReal ? kBlue : kGrey;
}

Label ScoreLabel(const std::string& text, double score, Judgement judgement) {
  return {text + PercentWithoutSpace(score), ColourOf(judgement),
          judgement == Judgement::kFake ? kBlack : kWhite};
}

Label BannerOf(const Verdict& verdict) {
  if (HasScore(verdict.judgement)) {
    const std::string text = verdict.judgement == Judgement::kFake   ? "FAKE "
                             : verdict.judgement == Judgement::kReal ? "REAL "
                                                                     : "CANNOT TELL ";
    return ScoreLabel(text, verdict.score, verdict.judgement);
  }
  return {"no face found", kGrey, kWhite};
}

cv::Rect RectangleOf(const Box& box) {
  const auto pixel = [](float edge) {  // far outside nothing is seen, whatever the number
    return static_cast<int>(std::lround(std::clamp(edge, -16384.0f, 32768.0f)));
  };
  return {cv::Point(pixel(box.x0), pixel(box.y0)), cv::Point(pixel(box.x1), pixel(box.y1))};
}

void DrawBox(cv::Mat& image, const Style& style, const cv::Rect& box, const cv::Scalar& colour) {
  const cv::Point edge(style.line / 2 + 1, style.line / 2 + 1);
  cv::rectangle(image, box.tl() - edge, box.br() + edge, kBlack, 1);  // a rim on a like background
  cv::rectangle(image, box.tl(), box.br(), colour, style.line);
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

std::optional<Box> PlaceAt(const Verdict& verdict, const TrackResult& track, int64_t frame,
                           double time) {
  return PlaceAt(track, frame, time, GapsOf(verdict));
}

void DrawOnFrame(const Verdict& verdict, int64_t frame, double time, Image& image) {
  cv::Mat canvas = ViewOf(image);
  const Style style = StyleFor(canvas);
  const Gaps gaps = GapsOf(verdict);
  std::vector<std::pair<const TrackResult*, cv::Rect>> shown;
  for (const TrackResult& track : verdict.tracks) {
    const std::optional<Box> box = PlaceAt(track, frame, time, gaps);
    if (box) shown.emplace_back(&track, RectangleOf(*box));
  }
  for (const auto& [track, box] : shown) {
    DrawBox(canvas, style, box, ColourOf(JudgementOf(*track)));
  }
  Labels labels(canvas, style);  // above every box
  labels.Draw(BannerOf(verdict), {});
  for (const auto& [track, box] : shown) {
    const Judgement judgement = JudgementOf(*track);
    const std::string text = judgement == Judgement::kFake   ? " fake "
                             : judgement == Judgement::kReal ? " real "
                                                             : " unclear ";
    labels.Draw(ScoreLabel(std::to_string(track->id) + text, track->score, judgement), box);
  }
}

void DrawFrames(const fs::path& input, const fs::path& output,
                const std::function<void(int64_t, double, Image&)>& draw, const CancelToken* cancel,
                const std::function<void(double)>& progress) {
  CheckDrawing(input, output);
  const auto source = OpenMedia(input);
  const MediaInfo& info = source->info();
  std::optional<VideoWriter> writer;
  if (!info.is_picture) {
    VideoWriterOptions options;
    options.preset = "veryfast";
    options.audio_from = input;
    if (info.frames_per_second > 0) options.frames_per_second = info.frames_per_second;
    writer.emplace(output, info.width, info.height, options);
  }
  while (source->Grab()) {
    if (cancel != nullptr) cancel->Check();
    Image image = source->Retrieve();
    draw(source->index(), source->time(), image);
    if (!writer) {
      WritePicture(output, image);
      return;
    }
    writer->Write(image, source->time());
    if (progress) progress(source->time());
  }
  if (writer) writer->Finish();
}

void DrawVerdict(const Verdict& verdict, const fs::path& output, const CancelToken* cancel,
                 const std::function<void(double)>& progress) {
  DrawFrames(
      verdict.file, output,
      [&](int64_t frame, double time, Image& image) { DrawOnFrame(verdict, frame, time, image); },
      cancel, progress);
}

}  // namespace unmask
