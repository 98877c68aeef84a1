#include "unmask/media/video_packets.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <new>

#include "unmask/base/error.h"

extern "C" {
#include <libavutil/dict.h>
#include <libavutil/parseutils.h>
}

namespace unmask {
namespace {

// Packets are decoded at times that hardly ever fall; recordings that were put together begin anew.
constexpr double kLongestStepBack = 1;  // seconds
constexpr double kLongestPause = 3600;  // seconds; longer ones are damaged time stamps
constexpr int64_t kMostStamp = INT64_MAX / 4;

double Seconds(int64_t stamp, AVRational base) { return static_cast<double>(stamp) * av_q2d(base); }

}  // namespace

VideoPackets::VideoPackets(const std::filesystem::path& path)
    : path_(path), input_(OpenInput(path)), packet_(av_packet_alloc()) {
  if (!packet_) throw std::bad_alloc();
  // Streams of broken files may stay undescribed; the decoder has the last word.
  avformat_find_stream_info(input_.get(), nullptr);
  stream_ = av_find_best_stream(input_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &codec_, 0);
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
  stated_end_ = StatedEnd();
  const bool own_end = av_dict_get(stream().metadata, "DURATION", nullptr, 0) != nullptr;
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    const bool needed = static_cast<int>(i) == stream_ || (stated_end_ > 0 && !own_end);
    if (!needed) input_->streams[i]->discard = AVDISCARD_ALL;
  }
}

double VideoPackets::FileDuration() const {
  return input_->duration > 0 ? static_cast<double>(input_->duration) / AV_TIME_BASE : 0;
}

AVPacket* VideoPackets::Next() {
  while (true) {
    av_packet_unref(packet_.get());
    const int code = av_read_frame(input_.get(), packet_.get());
    if (code == AVERROR(EAGAIN)) continue;
    if (code < 0) {
      // Unreadable from here on: what came before counts.
      missing_ =
          (code == AVERROR_EOF ? 0 : 1) + std::max(FramesBeyondEnd(), FramesBeforeStatedEnd());
      return nullptr;
    }
    NoteEnd(*packet_);
    if (packet_->stream_index != stream_) continue;
    JoinTimes(*packet_);
    return packet_.get();
  }
}

void VideoPackets::NoteEnd(const AVPacket& packet) {
  const int64_t stamp = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
  if (stamp == AV_NOPTS_VALUE) return;
  const AVRational base = input_->streams[packet.stream_index]->time_base;
  latest_end_ = std::max(latest_end_, Seconds(stamp, base) + Seconds(packet.duration, base));
}

void VideoPackets::JoinTimes(AVPacket& packet) {
  const int64_t stamp = packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts;
  if (stamp == AV_NOPTS_VALUE) return;
  const AVRational base = stream().time_base;
  if (std::abs(static_cast<double>(stamp)) > kMostStamp || std::abs(shift_) > kMostStamp) {
    packet.pts = packet.dts = AV_NOPTS_VALUE;
    return;
  }
  if (last_ != AV_NOPTS_VALUE) {
    const double step = Seconds(stamp + shift_ - last_, base);
    if (step < -kLongestStepBack || step > kLongestPause) {
      shift_ = last_ + std::max<int64_t>(packet.duration, 1) - stamp;
    }
  }
  last_ = stamp + shift_;
  if (packet.pts != AV_NOPTS_VALUE) {
    const double ahead =
        (static_cast<double>(packet.pts) - static_cast<double>(stamp)) * av_q2d(base);
    packet.pts = std::abs(ahead) > kLongestPause ? AV_NOPTS_VALUE : packet.pts + shift_;
  }
  if (packet.dts != AV_NOPTS_VALUE) packet.dts += shift_;
}

// When the last of the packets that are read ends, as the header says; 0 where it does not, or
// where it says how many frames there are, which is better.
double VideoPackets::StatedEnd() const {
  if (stream().nb_frames > 0 || input_->duration <= 0 ||
      input_->duration_estimation_method != AVFMT_DURATION_FROM_STREAM) {
    return 0;
  }
  // Matroska's own of the stream.
  if (const AVDictionaryEntry* tag = av_dict_get(stream().metadata, "DURATION", nullptr, 0)) {
    int64_t microseconds = 0;
    const bool known = av_parse_time(&microseconds, tag->value, 1) >= 0 && microseconds > 0;
    return known ? static_cast<double>(microseconds) / AV_TIME_BASE : 0;
  }
  // That of the file may be the end of a subtitle.
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    const bool sound = input_->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    if (static_cast<int>(i) != stream_ && !sound) return 0;
  }
  return FileDuration();
}

// Of a file that was cut short behind its index: those that begin behind its last byte. (Of MKV the
// index names keyframes alone.)
int64_t VideoPackets::FramesBeyondEnd() const {
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

// Of a file whose packets end long before its header says, by the frame rate. Nothing where little
// is missing: headers are not exact.
int64_t VideoPackets::FramesBeforeStatedEnd() const {
  const double missing = stated_end_ - latest_end_;
  if (stated_end_ <= 0 || latest_end_ < 0 || missing < std::max(1.0, 0.05 * stated_end_)) return 0;
  const AVRational rate = av_guess_frame_rate(input_.get(), input_->streams[stream_], nullptr);
  constexpr double kMost = 1e9;  // headers may state anything
  const double frames = rate.num > 0 && rate.den > 0 ? missing * av_q2d(rate) : 1;
  return static_cast<int64_t>(std::clamp(frames, 1.0, kMost));
}

}  // namespace unmask
