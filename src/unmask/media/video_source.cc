#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <optional>
#include <thread>

#include "unmask/base/error.h"
#include "unmask/media/ffmpeg_helpers.h"
#include "unmask/media/opencv_view.h"
#include "unmask/media/sources.h"

namespace unmask {
namespace {

// How a decoded picture becomes upright: flips, then a quarter turn.
struct Orientation {
  bool flip_horizontally = false;
  bool flip_vertically = false;
  std::optional<cv::RotateFlags> rotation;
  bool swaps_sides() const { return rotation && *rotation != cv::ROTATE_180; }
};

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
  const int quarter = ((static_cast<int>(std::lround(clockwise / 90.0)) % 4) + 4) % 4;
  if (quarter == 1) orientation.rotation = cv::ROTATE_90_CLOCKWISE;
  if (quarter == 2) orientation.rotation = cv::ROTATE_180;
  if (quarter == 3) orientation.rotation = cv::ROTATE_90_COUNTERCLOCKWISE;
  return orientation;
}

// Unspecified matrices are guessed by height, as players do.
int SwscaleMatrix(const AVFrame& frame) {
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
      return SWS_CS_ITU709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return SWS_CS_BT2020;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return SWS_CS_ITU601;
    case AVCOL_SPC_FCC:
      return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M:
      return SWS_CS_SMPTE240M;
    default:
      return frame.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601;
  }
}

// The "J" formats only say "full range"; swscale wants that said separately.
AVPixelFormat WithoutJ(AVPixelFormat format, bool* full_range) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      *full_range = true;
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      *full_range = true;
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      *full_range = true;
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      *full_range = true;
      return AV_PIX_FMT_YUV440P;
    default:
      return format;
  }
}

class VideoSource : public FrameSource {
 public:
  VideoSource(const std::filesystem::path& path, const MediaOptions& options)
      : path_(path), options_(options), input_(OpenInput(path)) {
    OpenDecoder();
    packet_.reset(av_packet_alloc());
    frame_.reset(av_frame_alloc());
    if (!DecodeNext()) {
      throw Error("cannot read " + path_.string() + ": no frame of its video can be decoded",
                  "Check that the download or recording is complete");
    }
    first_pending_ = true;
    DescribeFirstFrame();
  }

  const MediaInfo& info() const override { return info_; }
  int64_t index() const override { return index_; }
  double time() const override { return time_; }
  int64_t corrupt_frames() const override { return corrupt_; }

  bool Grab() override {
    if (first_pending_) {
      first_pending_ = false;
    } else if (!DecodeNext()) {
      return false;
    }
    ++index_;
    SetTime();
    return true;
  }

  Image Retrieve() override {
    Image decoded(decoded_width_, decoded_height_);
    Convert(&decoded);
    if (orientation_.flip_horizontally) cv::flip(ViewOf(decoded), ViewOf(decoded), 1);
    if (!orientation_.rotation) return decoded;
    Image upright(info_.width, info_.height);
    cv::Mat target = ViewOf(upright);
    cv::rotate(ViewOf(decoded), target, *orientation_.rotation);
    return upright;
  }

 private:
  void OpenDecoder() {
    // Streams of broken files may stay undescribed; the decoder has the last word.
    avformat_find_stream_info(input_.get(), nullptr);
    const AVCodec* codec = nullptr;
    stream_ = av_find_best_stream(input_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    const bool cover_art =
        stream_ >= 0 && (input_->streams[stream_]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
    if (stream_ == AVERROR_DECODER_NOT_FOUND) {
      throw Error("cannot read " + path_.string() + ": there is no decoder for its video",
                  "Convert it, for example to H.264");
    }
    if (stream_ < 0 || cover_art) {
      throw Error("cannot read " + path_.string() + ": it has no video stream",
                  "Give a file with pictures");
    }
    const AVStream& stream = *input_->streams[stream_];
    for (unsigned i = 0; i < input_->nb_streams; ++i) {
      if (static_cast<int>(i) != stream_) input_->streams[i]->discard = AVDISCARD_ALL;
    }
    CheckFrameSize(path_, std::max(stream.codecpar->width, 1), std::max(stream.codecpar->height, 1),
                   options_);
    decoder_.reset(avcodec_alloc_context3(codec));
    avcodec_parameters_to_context(decoder_.get(), stream.codecpar);
    decoder_->pkt_timebase = stream.time_base;
    decoder_->thread_count = options_.threads > 0
                                 ? options_.threads
                                 : static_cast<int>(std::thread::hardware_concurrency());
    decoder_->max_pixels = options_.max_pixels;
    const int code = avcodec_open2(decoder_.get(), codec, nullptr);
    if (code < 0) throw Error("cannot decode " + path_.string() + ": " + FfmpegMessage(code));
    info_.codec = codec->name;
    orientation_ = OrientationOf(stream);
  }

  void DescribeFirstFrame() {
    const AVStream& stream = *input_->streams[stream_];
    AVRational aspect =
        av_guess_sample_aspect_ratio(input_.get(), input_->streams[stream_], frame_.get());
    double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1.0;
    if (ratio < 0.125 || ratio > 8.0) ratio = 1.0;  // nonsense
    // Square pixels by enlarging one side, so that no pixel is lost.
    const int64_t width = std::lround(frame_->width * std::max(ratio, 1.0));
    const int64_t height = std::lround(frame_->height / std::min(ratio, 1.0));
    CheckFrameSize(path_, width, height, options_);
    decoded_width_ = static_cast<int>(width);
    decoded_height_ = static_cast<int>(height);
    info_.width = orientation_.swaps_sides() ? decoded_height_ : decoded_width_;
    info_.height = orientation_.swaps_sides() ? decoded_width_ : decoded_height_;
    const AVRational rate = av_guess_frame_rate(input_.get(), input_->streams[stream_], nullptr);
    if (rate.num > 0 && rate.den > 0) info_.frames_per_second = av_q2d(rate);
    if (stream.duration > 0) {
      info_.duration = static_cast<double>(stream.duration) * av_q2d(stream.time_base);
    } else if (input_->duration > 0) {
      info_.duration = static_cast<double>(input_->duration) / AV_TIME_BASE;
    }
    info_.frame_count = stream.nb_frames > 0
                            ? stream.nb_frames
                            : std::llround(info_.duration * info_.frames_per_second);
  }

  // Decodes until a sound frame comes; false at the end.
  bool DecodeNext() {
    while (true) {
      av_frame_unref(frame_.get());
      const int code = avcodec_receive_frame(decoder_.get(), frame_.get());
      if (code == 0) {
        const bool corrupt =
            (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame_->decode_error_flags != 0;
        if (!corrupt && frame_->width > 0 && frame_->height > 0) return true;
        ++corrupt_;
      } else if (code == AVERROR(EAGAIN)) {
        Feed();
      } else if (code == AVERROR_EOF) {
        return false;
      } else {
        ++corrupt_;
        if (draining_) return false;
        Feed();
      }
    }
  }

  // Gives the decoder the next packet of the stream, or tells it that there is none.
  void Feed() {
    while (!draining_) {
      const int code = av_read_frame(input_.get(), packet_.get());
      if (code == AVERROR(EAGAIN)) continue;
      if (code < 0) {
        if (code != AVERROR_EOF) ++corrupt_;  // unreadable from here on: what came before counts
        draining_ = true;
        avcodec_send_packet(decoder_.get(), nullptr);
        return;
      }
      const bool ours = packet_->stream_index == stream_;
      const int sent = ours ? avcodec_send_packet(decoder_.get(), packet_.get()) : 0;
      av_packet_unref(packet_.get());
      if (sent < 0 && sent != AVERROR(EAGAIN)) {
        ++corrupt_;
        continue;
      }
      if (ours) return;
    }
  }

  void SetTime() {
    const AVStream& stream = *input_->streams[stream_];
    const double step = info_.frames_per_second > 0 ? 1.0 / info_.frames_per_second : 0.04;
    double time = index_ == 0 ? 0.0 : time_ + step;
    if (frame_->best_effort_timestamp != AV_NOPTS_VALUE) {
      const double stamp =
          static_cast<double>(frame_->best_effort_timestamp) * av_q2d(stream.time_base);
      if (!start_) start_ = stamp;
      time = stamp - *start_;
    }
    time_ = std::max(time, index_ == 0 ? 0.0 : time_);
  }

  void Convert(Image* image) {
    bool full_range = frame_->color_range == AVCOL_RANGE_JPEG;
    const AVPixelFormat format = WithoutJ(static_cast<AVPixelFormat>(frame_->format), &full_range);
    const bool resized = frame_->width != image->width || frame_->height != image->height;
    const int flags =
        SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | (resized ? SWS_BICUBIC : SWS_BILINEAR);
    scaler_.reset(sws_getCachedContext(scaler_.release(), frame_->width, frame_->height, format,
                                       image->width, image->height, AV_PIX_FMT_RGB24, flags,
                                       nullptr, nullptr, nullptr));
    if (!scaler_) {
      throw Error("cannot convert the frames of " + path_.string() + " to RGB",
                  "Convert it, for example to H.264");
    }
    const int* matrix = sws_getCoefficients(SwscaleMatrix(*frame_));
    sws_setColorspaceDetails(scaler_.get(), matrix, full_range ? 1 : 0,
                             sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    uint8_t* planes[4] = {image->data.data(), nullptr, nullptr, nullptr};
    int strides[4] = {static_cast<int>(image->row_bytes()), 0, 0, 0};
    sws_scale(scaler_.get(), frame_->data, frame_->linesize, 0, frame_->height, planes, strides);
  }

  const std::filesystem::path path_;
  const MediaOptions options_;
  InputContext input_;
  CodecContext decoder_;
  PacketPointer packet_;
  FramePointer frame_;
  ScalerPointer scaler_;
  Orientation orientation_;
  MediaInfo info_;
  int stream_ = -1;
  int decoded_width_ = 0;  // with square pixels, before the quarter turn
  int decoded_height_ = 0;
  bool draining_ = false;
  bool first_pending_ = false;
  std::optional<double> start_;
  double time_ = 0;
  int64_t index_ = -1;
  int64_t corrupt_ = 0;
};

}  // namespace

std::unique_ptr<FrameSource> OpenVideo(const std::filesystem::path& path,
                                       const MediaOptions& options) {
  return std::make_unique<VideoSource>(path, options);
}

}  // namespace unmask
