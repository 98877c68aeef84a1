#include "unmask/media/recompress.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/media/ffmpeg_helpers.h"

namespace unmask {
namespace {

void Check(int code) {
  if (code < 0) throw Error("cannot recompress a picture with H.264: " + FfmpegMessage(code));
}

void Require(bool holds, const std::string& rule) {
  if (!holds) throw UsageError("recompression: " + rule);
}

// The picture at (left, top) of a canvas, its edge pixels repeated all around.
Image OnCanvas(const Image& image, int left, int top, int width, int height) {
  Image canvas(width, height);
  for (int y = 0; y < height; ++y) {
    const uint8_t* from = image.row(std::clamp(y - top, 0, image.height - 1));
    uint8_t* to = canvas.row(y);
    for (int x = 0; x < width; ++x) {
      std::memcpy(to + 3 * x, from + 3 * std::clamp(x - left, 0, image.width - 1), 3);
    }
  }
  return canvas;
}

// Encoder, decoder and conversions of one clip. One thread: a batch is made by several already, and
// the result must not depend on their number.
class Clip {
 public:
  Clip(int width, int height, int crf, int frames)
      : width_(width), height_(height), frames_(frames) {
    CaptureFfmpegLog();
    OpenEncoder(crf);
    const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_H264);
    if (codec == nullptr) throw Error("this build of FFmpeg has no H.264 decoder");
    decoder_.reset(avcodec_alloc_context3(codec));
    decoder_->thread_count = 1;
    Check(avcodec_open2(decoder_.get(), codec, nullptr));
    const int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT;
    to_yuv_.reset(sws_getContext(width, height, AV_PIX_FMT_RGB24, width, height, AV_PIX_FMT_YUV420P,
                                 flags, nullptr, nullptr, nullptr));
    to_rgb_.reset(sws_getContext(width, height, AV_PIX_FMT_YUV420P, width, height, AV_PIX_FMT_RGB24,
                                 flags, nullptr, nullptr, nullptr));
    packet_.reset(av_packet_alloc());
    decoded_.reset(av_frame_alloc());
  }

  void Add(const Image& canvas) {
    const FramePointer frame(av_frame_alloc());
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = width_;
    frame->height = height_;
    frame->pts = count_++;
    Check(av_frame_get_buffer(frame.get(), 0));
    const uint8_t* planes[4] = {canvas.data.data(), nullptr, nullptr, nullptr};
    const int strides[4] = {static_cast<int>(canvas.row_bytes()), 0, 0, 0};
    sws_scale(to_yuv_.get(), planes, strides, 0, height_, frame->data, frame->linesize);
    Check(avcodec_send_frame(encoder_.get(), frame.get()));
    Pass();
  }

  // The last frame as it comes out of the decoder.
  Image Finish() {
    Check(avcodec_send_frame(encoder_.get(), nullptr));
    Pass();
    Check(avcodec_send_packet(decoder_.get(), nullptr));
    Receive();
    if (result_.empty()) throw Error("cannot recompress a picture with H.264: a frame was lost");
    return std::move(result_);
  }

 private:
  void OpenEncoder(int crf) {
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    if (codec == nullptr) {
      throw Error("this build of FFmpeg has no x264 encoder",
                  "Install an FFmpeg with libx264, or train with --degradation h264=0");
    }
    encoder_.reset(avcodec_alloc_context3(codec));
    encoder_->width = width_;
    encoder_->height = height_;
    encoder_->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder_->time_base = {1, 25};
    encoder_->framerate = {25, 1};
    encoder_->thread_count = 1;
    encoder_->max_b_frames = 0;
    av_opt_set(encoder_->priv_data, "preset", "medium", 0);
    av_opt_set_int(encoder_->priv_data, "crf", crf, 0);
    // A clip this short has no future to look at.
    av_opt_set(encoder_->priv_data, "x264-params", "rc-lookahead=0:scenecut=0", 0);
    Check(avcodec_open2(encoder_.get(), codec, nullptr));
  }

  // From the encoder to the decoder, and out of it.
  void Pass() {
    while (avcodec_receive_packet(encoder_.get(), packet_.get()) >= 0) {
      Check(avcodec_send_packet(decoder_.get(), packet_.get()));
      av_packet_unref(packet_.get());
      Receive();
    }
  }

  void Receive() {
    while (avcodec_receive_frame(decoder_.get(), decoded_.get()) >= 0) {
      if (++received_ == frames_) result_ = ToRgb();
    }
  }

  Image ToRgb() {
    Image canvas(width_, height_);
    uint8_t* planes[4] = {canvas.data.data(), nullptr, nullptr, nullptr};
    const int strides[4] = {static_cast<int>(canvas.row_bytes()), 0, 0, 0};
    sws_scale(to_rgb_.get(), decoded_->data, decoded_->linesize, 0, height_, planes, strides);
    return canvas;
  }

  const int width_, height_, frames_;
  CodecContext encoder_, decoder_;
  ScalerPointer to_yuv_, to_rgb_;
  PacketPointer packet_;
  FramePointer decoded_;
  int64_t count_ = 0;
  int received_ = 0;
  Image result_;
};

}  // namespace

Image RecompressH264(const Image& image, const RecompressOptions& options) {
  if (image.empty() || image.channels != 3) throw Error("only a colour picture is recompressed");
  Require(options.crf >= 0 && options.crf <= 51, "CRF must lie in 0 … 51");
  Require(options.frames >= 1 && options.frames <= 16, "frames must lie in 1 … 16");
  Require(std::abs(options.motion_x) <= 8 && std::abs(options.motion_y) <= 8,
          "motion must lie in −8 … 8");
  Require(options.phase_x >= 0 && options.phase_x <= 15 && options.phase_y >= 0 &&
              options.phase_y <= 15,
          "the phase must lie in 0 … 15");
  // Whole macroblocks, as the encoder would fill them up anyway.
  const int width = (image.width + options.phase_x + 15) / 16 * 16;
  const int height = (image.height + options.phase_y + 15) / 16 * 16;
  Clip clip(width, height, options.crf, options.frames);
  for (int t = options.frames - 1; t >= 0; --t) {
    clip.Add(OnCanvas(image, options.phase_x - t * options.motion_x,
                      options.phase_y - t * options.motion_y, width, height));
  }
  const Image canvas = clip.Finish();
  Image result(image.width, image.height);
  for (int y = 0; y < image.height; ++y) {
    std::memcpy(result.row(y), canvas.row(y + options.phase_y) + 3 * options.phase_x,
                result.row_bytes());
  }
  return result;
}

}  // namespace unmask
