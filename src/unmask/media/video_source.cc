#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/media/ffmpeg_helpers.h"
#include "unmask/media/sources.h"
#include "unmask/media/video_decoder.h"
#include "unmask/media/video_frame.h"

namespace unmask {
namespace {

Orientation OrientationOf(const AVStream& stream) {
  Orientation orientation;
  size_t size = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (data == nullptr || size < 9 * sizeof(int32_t)) return orientation;
  int32_t matrix[9];
  std::copy_n(reinterpret_cast<const int32_t*>(data), 9, matrix);
  // A negative determinant mirrors: take the mirror out first, what is left is a rotation.
  if (static_cast<double>(matrix[0]) * matrix[4] - static_cast<double>(matrix[1]) * matrix[3] < 0) {
    orientation.flip_horizontally = true;
    av_display_matrix_flip(matrix, 1, 0);
  }
  const double clockwise = -av_display_rotation_get(matrix);
  if (!std::isfinite(clockwise)) return Orientation{};
  orientation.quarter_turns = ((static_cast<int>(std::lround(clockwise / 90.0)) % 4) + 4) % 4;
  return orientation;
}

// Frames looked at to tell how far those that are decoded lie apart, and how much further than
// wanted that may be.
constexpr int kTrial = 8;
constexpr double kStretch = 1.5;
constexpr int64_t kMostRepeated = 5000;  // frames that are decoded once more
// Times that fall by less are left as they are, standing still for as long.
constexpr double kLeastFall = 1;  // seconds

// Whether each packet gives a frame, as far as encoders in use go. VP8 and its successors, and
// MPEG-4 part 2, have packets that show nothing.
bool EveryPacketIsShown(AVCodecID codec) {
  return codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC ||
         codec == AV_CODEC_ID_MPEG2VIDEO || codec == AV_CODEC_ID_MPEG1VIDEO;
}

class VideoSource : public FrameSource {
 public:
  VideoSource(const std::filesystem::path& path, const MediaOptions& options)
      : path_(path), options_(options), decoder_(std::make_unique<VideoDecoder>(path, options)) {
    orientation_ = OrientationOf(decoder_->stream());
    info_.codec = decoder_->codec().name;
    if (!decoder_->Next()) {
      throw Error("cannot read " + path_.string() + ": no frame of its video can be decoded",
                  "Check that the download or recording is complete");
    }
    first_pending_ = true;
    if (const int64_t stamp = Stamp(); stamp != AV_NOPTS_VALUE) first_stamp_ = stamp;
    DescribeFirstFrame();
  }

  const MediaInfo& info() const override { return info_; }
  int64_t index() const override { return index_; }
  double time() const override { return time_; }
  int64_t corrupt_frames() const override { return decoder_->corrupt_frames(); }
  int64_t left_out_at_end() const override { return decoder_->left_out_at_end(); }
  int other_videos() const override { return decoder_->other_videos(); }

  // A second decoder tries it: formats, encoders and decoders differ in what can be left out.
  void AllowGaps(double longest) override {
    if (!first_pending_ || !first_stamp_ || info_.frames_per_second * longest < 2) return;
    if (!EveryPacketIsShown(decoder_->codec().id)) return;  // frames could not be counted
    auto trial = std::make_unique<VideoDecoder>(path_, options_, first_stamp_);
    if (trial->LongestGap(kTrial) > kStretch * longest || !trial->Next()) return;
    decoder_ = std::move(trial);
    longest_gap_ = kStretch * longest;
  }

  bool Grab() override {
    if (first_pending_) {
      first_pending_ = false;
    } else if (!Next()) {
      return false;
    }
    index_ = std::max(index_ + 1, decoder_->frames() - 1);
    SetTime();
    return true;
  }

  Image Retrieve() override {
    Image decoded(decoded_width_, decoded_height_);
    converter_.Convert(decoder_->frame(), &decoded);
    return orientation_.Upright(std::move(decoded));
  }

  std::unique_ptr<Frame> Share() override {
    if (decoder_->frame().width != decoded_width_ || decoder_->frame().height != decoded_height_) {
      return FrameSource::Share();  // must be scaled
    }
    return MakeVideoFrame(decoder_->frame(), orientation_, shared_);
  }

 private:
  int64_t Stamp() const { return decoder_->frame().best_effort_timestamp; }

  // Where more frames in a row turn out to be left out than may be, as encoders go about it
  // differently from scene to scene, or they can no longer be counted, all are decoded from there
  // on. That begins anew at the file's start, so far behind it is not worth its time.
  bool Next() {
    const int64_t before = Stamp(), frames = decoder_->frames();
    if (!decoder_->Next()) return false;
    if (!longest_gap_ || frames > kMostRepeated) return true;
    const double seconds = (static_cast<double>(Stamp()) - static_cast<double>(before)) *
                           av_q2d(decoder_->stream().time_base);
    const bool gap = decoder_->frames() > frames + 1 && seconds > *longest_gap_;
    if (!gap && !decoder_->unstamped()) return true;
    longest_gap_.reset();
    decoder_ = std::make_unique<VideoDecoder>(path_, options_);
    while (decoder_->Next()) {
      if (decoder_->frames() > frames) return true;
    }
    return false;
  }

  void DescribeFirstFrame() {
    const AVStream& stream = decoder_->stream();
    AVRational aspect = decoder_->SampleAspectRatio();
    double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1.0;
    if (ratio < 0.125 || ratio > 8.0) ratio = 1.0;  // nonsense
    // Square pixels by enlarging one side, so that no pixel is lost.
    const int64_t width = std::lround(decoder_->frame().width * std::max(ratio, 1.0));
    const int64_t height = std::lround(decoder_->frame().height / std::min(ratio, 1.0));
    CheckFrameSize(path_, width, height, options_);
    decoded_width_ = static_cast<int>(width);
    decoded_height_ = static_cast<int>(height);
    info_.width = orientation_.swaps_sides() ? decoded_height_ : decoded_width_;
    info_.height = orientation_.swaps_sides() ? decoded_width_ : decoded_height_;
    const AVRational rate = decoder_->FrameRate();
    if (rate.num > 0 && rate.den > 0) info_.frames_per_second = av_q2d(rate);
    info_.duration = decoder_->Duration();
    info_.frame_count = stream.nb_frames > 0
                            ? stream.nb_frames
                            : std::llround(info_.duration * info_.frames_per_second);
  }

  void SetTime() {
    const AVStream& stream = decoder_->stream();
    const double step = info_.frames_per_second > 0 ? 1.0 / info_.frames_per_second : 0.04;
    double time = index_ == 0 ? 0.0 : time_ + step;
    if (Stamp() != AV_NOPTS_VALUE) {
      if (!first_stamp_) first_stamp_ = Stamp();
      time = offset_ + (static_cast<double>(Stamp()) - static_cast<double>(*first_stamp_)) *
                           av_q2d(stream.time_base);
      // Behind a stamp of the future time goes on from there.
      if (index_ > 0 && time < time_ - kLeastFall) {
        offset_ += time_ + step - time;
        time = time_ + step;
      }
    }
    time_ = std::max(time, index_ == 0 ? 0.0 : time_);
  }

  const std::filesystem::path path_;
  const MediaOptions options_;
  std::unique_ptr<VideoDecoder> decoder_;
  RgbConverter converter_{path_};
  std::shared_ptr<RgbConverterPool> shared_ = std::make_shared<RgbConverterPool>(path_);
  Orientation orientation_;
  MediaInfo info_;
  int decoded_width_ = 0;  // with square pixels, before the quarter turn
  int decoded_height_ = 0;
  bool first_pending_ = false;
  std::optional<int64_t> first_stamp_;
  std::optional<double> longest_gap_;  // seconds; nothing where no frame is left out
  double offset_ = 0;                  // of times, seconds
  double time_ = 0;
  int64_t index_ = -1;
};

}  // namespace

std::unique_ptr<FrameSource> OpenVideo(const std::filesystem::path& path,
                                       const MediaOptions& options) {
  return std::make_unique<VideoSource>(path, options);
}

}  // namespace unmask
