#include "unmask/media/video_decoder.h"

#include <algorithm>
#include <limits>
#include <new>
#include <thread>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/media/sources.h"

namespace unmask {
namespace {

// Threads decode a frame each, and wait for the frames that theirs is made of: as many as there are
// cores leave those idle a good part of the time. But each holds frames in memory, so that fewer
// are to decode large ones. Who asks for less than all cores gets no more threads than that.
int DecodingThreads(int wanted, const AVCodec& codec, const AVCodecParameters& stream) {
  constexpr int64_t kPixels = 12'000'000;  // of the frames that are decoded at once
  constexpr int kThreadsPerCore = 4;
  constexpr int kMost = 16;  // FFmpeg warns of more
  // Where a second recording follows in the file, several threads fail for good.
  if (codec.id == AV_CODEC_ID_THEORA) return 1;
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  int threads = wanted > 0 ? wanted : cores;
  if (threads >= cores && cores > 1 && (codec.capabilities & AV_CODEC_CAP_FRAME_THREADS) != 0) {
    const int64_t pixels = std::max<int64_t>(1, int64_t{stream.width} * stream.height);
    const int64_t affordable =
        std::min<int64_t>(kPixels / pixels, int64_t{kThreadsPerCore} * cores);
    threads = std::max(threads, static_cast<int>(affordable));
  }
  return std::min(threads, kMost);
}

}  // namespace

VideoDecoder::VideoDecoder(const std::filesystem::path& path, const MediaOptions& options,
                           std::optional<int64_t> leave_out_from)
    : path_(path),
      packets_(path),
      frame_(av_frame_alloc()),
      leave_out_(leave_out_from.has_value()),
      first_stamp_(leave_out_from.value_or(0)) {
  if (!frame_) throw std::bad_alloc();
  const AVCodecParameters& parameters = *stream().codecpar;
  CheckFrameSize(path_, std::max(parameters.width, 1), std::max(parameters.height, 1), options);
  decoder_.reset(avcodec_alloc_context3(&packets_.codec()));
  if (!decoder_) throw std::bad_alloc();
  avcodec_parameters_to_context(decoder_.get(), &parameters);
  decoder_->pkt_timebase = stream().time_base;
  decoder_->thread_count = DecodingThreads(options.threads, packets_.codec(), parameters);
  decoder_->max_pixels = options.max_pixels;
  if (leave_out_) decoder_->skip_frame = AVDISCARD_NONREF;
  const int code = avcodec_open2(decoder_.get(), &packets_.codec(), nullptr);
  if (code == AVERROR(EAGAIN)) {  // no thread could be started
    throw ResourceError("cannot decode " + path_.string() + " now: " + FfmpegMessage(code),
                        "Give fewer --jobs or --threads");
  }
  if (code < 0) throw Error("cannot decode " + path_.string() + ": " + FfmpegMessage(code));
}

AVRational VideoDecoder::SampleAspectRatio() const {
  AVFormatContext* const input = packets_.input();
  return av_guess_sample_aspect_ratio(input, input->streams[stream().index], frame_.get());
}

AVRational VideoDecoder::FrameRate() const {
  AVFormatContext* const input = packets_.input();
  return av_guess_frame_rate(input, input->streams[stream().index], nullptr);
}

bool VideoDecoder::Next() {
  if (ahead_.empty()) return Decode();
  frame_ = std::move(ahead_.front().frame);
  frames_ = ahead_.front().frames;
  ahead_.pop_front();
  return true;
}

double VideoDecoder::LongestGap(int count) {
  constexpr double kUnknown = std::numeric_limits<double>::infinity();
  double longest = 0;
  int64_t last = AV_NOPTS_VALUE;
  for (int i = 0; i < count && Decode(); ++i) {
    const int64_t stamp = frame_->best_effort_timestamp;
    if (stamp == AV_NOPTS_VALUE) {
      longest = kUnknown;
    } else if (last != AV_NOPTS_VALUE) {
      longest = std::max(longest, static_cast<double>(stamp - last) * av_q2d(stream().time_base));
    }
    last = stamp;
    FramePointer next(av_frame_alloc());
    if (!next) throw std::bad_alloc();
    ahead_.push_back({std::exchange(frame_, std::move(next)), frames_});
  }
  return unstamped_ ? kUnknown : longest;
}

bool VideoDecoder::Decode() {
  while (true) {
    av_frame_unref(frame_.get());
    const int code = avcodec_receive_frame(decoder_.get(), frame_.get());
    if (code == 0) {
      const bool corrupt =
          (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame_->decode_error_flags != 0;
      if (!corrupt && frame_->width > 0 && frame_->height > 0) {
        Count();
        return true;
      }
      ++corrupt_;
    } else if (code == AVERROR(EAGAIN)) {
      Feed();
    } else {
      if (code != AVERROR_EOF) ++corrupt_;
      // At the end a frame that fails ends nothing: other threads may hold sound ones.
      if (code == AVERROR_EOF || (draining_ && ++failures_at_end_ > decoder_->thread_count)) {
        left_out_at_end_ = static_cast<int64_t>(expected_.size());
        return false;
      }
      Feed();
    }
  }
}

// What is to be counted of the frame of this packet, come or left out.
void VideoDecoder::Expect(const AVPacket& packet) {
  if ((packet.flags & AV_PKT_FLAG_DISCARD) != 0) return;  // an edit list hides it
  if (packet.pts == AV_NOPTS_VALUE) {
    unstamped_ = true;
  } else if (packet.pts >= first_stamp_) {
    expected_.push(packet.pts);
  }
}

// The number of the frame that has come.
void VideoDecoder::Count() {
  int64_t passed = 0;
  while (!expected_.empty() && expected_.top() <= frame_->pts) {
    expected_.pop();
    ++passed;
  }
  frames_ += std::max<int64_t>(passed, 1);
}

// Gives the decoder the next packet of the stream, or tells it that there is none.
void VideoDecoder::Feed() {
  while (!draining_) {
    AVPacket* const packet =
        waiting_ != nullptr ? std::exchange(waiting_, nullptr) : packets_.Next();
    if (packet == nullptr) {
      corrupt_ += packets_.missing_frames();
      draining_ = true;
      const int sent = avcodec_send_packet(decoder_.get(), nullptr);
      if (sent < 0 && sent != AVERROR_EOF) ++corrupt_;  // of a frame that a thread still held
      return;
    }
    const int sent = avcodec_send_packet(decoder_.get(), packet);
    if (sent == AVERROR(EAGAIN)) {
      waiting_ = packet;
      return;
    }
    if (sent < 0) {
      ++corrupt_;
      continue;
    }
    if (leave_out_) Expect(*packet);
    return;
  }
}

}  // namespace unmask
