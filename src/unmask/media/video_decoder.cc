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
                           bool leave_out)
    : path_(path),
      input_(OpenInput(path)),
      packet_(av_packet_alloc()),
      frame_(av_frame_alloc()),
      leave_out_(leave_out) {
  if (!packet_ || !frame_) throw std::bad_alloc();
  OpenStream(options, leave_out);
}

void VideoDecoder::OpenStream(const MediaOptions& options, bool leave_out) {
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
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    const bool ours = static_cast<int>(i) == stream_;
    if (!ours && !EndsAsStated()) input_->streams[i]->discard = AVDISCARD_ALL;
  }
  CheckFrameSize(path_, std::max(stream().codecpar->width, 1),
                 std::max(stream().codecpar->height, 1), options);
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_) throw std::bad_alloc();
  avcodec_parameters_to_context(decoder_.get(), stream().codecpar);
  decoder_->pkt_timebase = stream().time_base;
  decoder_->thread_count = DecodingThreads(options.threads, *codec, *stream().codecpar);
  decoder_->max_pixels = options.max_pixels;
  if (leave_out) decoder_->skip_frame = AVDISCARD_NONREF;
  const int code = avcodec_open2(decoder_.get(), codec, nullptr);
  if (code < 0) throw Error("cannot decode " + path_.string() + ": " + FfmpegMessage(code));
}

AVRational VideoDecoder::SampleAspectRatio() const {
  return av_guess_sample_aspect_ratio(input_.get(), input_->streams[stream_], frame_.get());
}

AVRational VideoDecoder::FrameRate() const {
  return av_guess_frame_rate(input_.get(), input_->streams[stream_], nullptr);
}

double VideoDecoder::FileDuration() const {
  return input_->duration > 0 ? static_cast<double>(input_->duration) / AV_TIME_BASE : 0;
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
  return longest;
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

// The number of the frame that has come.
void VideoDecoder::Count() {
  int64_t passed = 0;
  while (!expected_.empty() && expected_.top() <= frame_->pts) {
    expected_.pop();
    ++passed;
  }
  frames_ += std::max<int64_t>(passed, 1);
}

// Of a file that was cut short behind its index: those that begin behind its last byte. (Of MKV the
// index names keyframes alone.)
int64_t VideoDecoder::FramesBeyondEnd() const {
  const int64_t size = input_->pb != nullptr ? avio_size(input_->pb) : -1;
  if (size < 0) return 0;
  AVStream* const stream = input_->streams[stream_];
  int64_t beyond = 0;
  for (int i = 0; i < avformat_index_get_entries_count(stream); ++i) {
    const AVIndexEntry* entry = avformat_index_get_entry(stream, i);
    if (entry != nullptr && entry->pos >= size) ++beyond;
  }
  return beyond;
}

// Whether the header says when the last stream of the file ends but not how many frames there are.
bool VideoDecoder::EndsAsStated() const {
  return stream().nb_frames == 0 && input_->duration > 0 &&
         input_->duration_estimation_method == AVFMT_DURATION_FROM_STREAM;
}

// Of a file whose packets end, sound included, long before its header says, by the frame rate.
// Nothing where little is missing: headers are not exact.
int64_t VideoDecoder::FramesBeforeStatedEnd() const {
  const double stated = FileDuration();
  const double missing = stated - latest_stamp_;
  if (!EndsAsStated() || missing < std::max(1.0, 0.05 * stated)) return 0;
  const AVRational rate = av_guess_frame_rate(input_.get(), input_->streams[stream_], nullptr);
  constexpr double kMost = 1e9;  // headers may state anything
  const double frames = rate.den > 0 ? missing * av_q2d(rate) : 1;
  return static_cast<int64_t>(std::clamp(frames, 1.0, kMost));
}

// Gives the decoder the next packet of the stream, or tells it that there is none.
void VideoDecoder::Feed() {
  while (!draining_) {
    const int code = av_read_frame(input_.get(), packet_.get());
    if (code == AVERROR(EAGAIN)) continue;
    if (code < 0) {
      if (code != AVERROR_EOF) ++corrupt_;  // unreadable from here on: what came before counts
      const int64_t beyond = FramesBeyondEnd();
      corrupt_ += std::max(beyond, FramesBeforeStatedEnd());
      draining_ = true;
      const int sent = avcodec_send_packet(decoder_.get(), nullptr);
      if (sent < 0 && sent != AVERROR_EOF) ++corrupt_;  // of a frame that a thread still held
      return;
    }
    const bool ours = packet_->stream_index == stream_;
    if (packet_->pts != AV_NOPTS_VALUE) {
      const AVRational base = input_->streams[packet_->stream_index]->time_base;
      latest_stamp_ = std::max(latest_stamp_, static_cast<double>(packet_->pts) * av_q2d(base));
    }
    if (ours && leave_out_ && packet_->pts != AV_NOPTS_VALUE) expected_.push(packet_->pts);
    const int sent = ours ? avcodec_send_packet(decoder_.get(), packet_.get()) : 0;
    av_packet_unref(packet_.get());
    if (sent < 0 && sent != AVERROR(EAGAIN)) {
      ++corrupt_;
      continue;
    }
    if (ours) return;
  }
}

}  // namespace unmask
