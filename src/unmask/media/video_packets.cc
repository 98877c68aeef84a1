#include "unmask/media/video_packets.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "unmask/base/error.h"

extern "C" {
#include <libavutil/dict.h>
#include <libavutil/parseutils.h>
}

namespace unmask {
namespace {

constexpr int64_t kMostStamp = INT64_MAX / 4;
// A frame is shown at most so many frames, or seconds if those are more, behind its decoding.
constexpr double kMostReordered = 20;
constexpr double kLeastReordered = 2;
// Times of decoding that are guessed may fall by so many frames within one recording.
constexpr double kMostFall = 4;
constexpr double kUsualFrame = 0.04;  // seconds, where the frame rate is not known

bool IsWild(int64_t stamp) {
  return stamp != AV_NOPTS_VALUE && (stamp > kMostStamp || stamp < -kMostStamp);
}

double Seconds(int64_t stamp, AVRational base) { return static_cast<double>(stamp) * av_q2d(base); }

// A size as EBML (RFC 8794) writes it; nothing where it is left open, or the file ends.
std::optional<int64_t> ReadEbmlSize(std::istream& file) {
  const int first = file.get();
  if (first <= 0) return std::nullopt;
  const int bytes = std::countl_zero(static_cast<uint8_t>(first)) + 1;
  const int ones = 0xff >> bytes;
  int64_t size = first & ones;
  bool open = size == ones;
  for (int i = 1; i < bytes; ++i) {
    const int next = file.get();
    if (next < 0) return std::nullopt;
    size = size * 256 + next;
    open = open && next == 0xff;
  }
  return open ? std::nullopt : std::optional(size);
}

// Where a Matroska file ends as its header says; nothing where it does not say so.
std::optional<int64_t> StatedMatroskaEnd(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const auto comes = [&](const std::string& id) {
    std::string found(id.size(), 0);
    file.read(found.data(), static_cast<std::streamsize>(found.size()));
    return file.good() && found == id;
  };
  if (!comes("\x1A\x45\xDF\xA3")) return std::nullopt;
  const std::optional<int64_t> header = ReadEbmlSize(file);
  if (!header || !file.seekg(*header, std::ios::cur) || !comes("\x18\x53\x80\x67")) {
    return std::nullopt;
  }
  const std::optional<int64_t> segment = ReadEbmlSize(file);
  if (!segment) return std::nullopt;
  return static_cast<int64_t>(file.tellg()) + *segment;
}

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
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    if (static_cast<int>(i) != stream_) input_->streams[i]->discard = AVDISCARD_ALL;
  }
}

int VideoPackets::other_videos() const {
  constexpr int kPictures = AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_STILL_IMAGE;
  int others = 0;
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    const AVStream& other = *input_->streams[i];
    const bool video = other.codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
    if (static_cast<int>(i) != stream_ && video && (other.disposition & kPictures) == 0) ++others;
  }
  return others;
}

bool VideoPackets::IsMatroska() const {
  return std::string_view(input_->iformat->name) == "matroska,webm";
}

double VideoPackets::Duration() const {
  // Matroska has a length of the file alone, that of its longest stream; most programs add a tag.
  const AVDictionaryEntry* tag =
      IsMatroska() ? av_dict_get(stream().metadata, "DURATION", nullptr, 0) : nullptr;
  int64_t microseconds = 0;
  if (tag != nullptr && av_parse_time(&microseconds, tag->value, 1) >= 0 && microseconds > 0) {
    return static_cast<double>(microseconds) / AV_TIME_BASE;
  }
  if (stream().duration > 0) return Seconds(stream().duration, stream().time_base);
  return input_->duration > 0 ? static_cast<double>(input_->duration) / AV_TIME_BASE : 0;
}

AVPacket* VideoPackets::Next() {
  while (true) {
    av_packet_unref(packet_.get());
    const int code = av_read_frame(input_.get(), packet_.get());
    if (code == AVERROR(EAGAIN)) continue;
    if (code < 0) {
      // Unreadable from here on: what came before counts.
      missing_ = (code == AVERROR_EOF ? 0 : 1) + std::max(FramesBeyondEnd(), FramesCutOff());
      return nullptr;
    }
    if (packet_->stream_index != stream_) continue;
    if (packet_->pts != AV_NOPTS_VALUE && !IsWild(packet_->pts)) {
      const AVRational base = stream().time_base;
      latest_end_ =
          std::max(latest_end_, Seconds(packet_->pts, base) + Seconds(packet_->duration, base));
    }
    JoinTimes(*packet_);
    return packet_.get();
  }
}

// Time stamps of decoding hardly fall but where a recording begins anew. (Those of presentation do,
// as frames are reordered.)
void VideoPackets::JoinTimes(AVPacket& packet) {
  const AVRational base = stream().time_base, rate = stream().avg_frame_rate;
  const double frame = rate.num > 0 && rate.den > 0 ? 1 / av_q2d(rate) : kUsualFrame;
  const auto ticks = [&](double seconds) {
    constexpr double kMost = 1e15;
    return static_cast<int64_t>(std::clamp(seconds / av_q2d(base), 1.0, kMost));
  };
  const int64_t reordered = ticks(std::max(kLeastReordered, kMostReordered * frame));
  if (IsWild(packet.pts)) packet.pts = AV_NOPTS_VALUE;
  if (IsWild(packet.dts) || IsWild(shift_)) packet.dts = packet.pts = AV_NOPTS_VALUE;
  const bool shown = packet.pts != AV_NOPTS_VALUE, decoded = packet.dts != AV_NOPTS_VALUE;
  if (shown && decoded && std::abs(packet.pts - packet.dts) > reordered) {
    packet.pts = AV_NOPTS_VALUE;
    return JoinTimes(packet);
  }
  const bool again =
      decoded ? last_ != AV_NOPTS_VALUE && packet.dts + shift_ < last_ - ticks(kMostFall * frame)
              : shown && latest_ != AV_NOPTS_VALUE && packet.pts + shift_ < latest_ - reordered;
  if (again) {
    const int64_t step = std::clamp<int64_t>(packet.duration, 1, reordered);
    shift_ = decoded ? last_ + step - packet.dts : latest_ + step - packet.pts;
    if (shown && latest_ != AV_NOPTS_VALUE) shift_ = std::max(shift_, latest_ + step - packet.pts);
  }
  if (decoded) {
    packet.dts += shift_;
    last_ = std::max(last_, packet.dts);
  }
  if (shown) {
    packet.pts += shift_;
    latest_ = std::max(latest_, packet.pts);
  }
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

// Of a Matroska file that is shorter than it says, by the frame rate; at least one.
int64_t VideoPackets::FramesCutOff() const {
  const int64_t size = input_->pb != nullptr ? avio_size(input_->pb) : -1;
  if (!IsMatroska() || size < 0 || StatedMatroskaEnd(path_).value_or(0) <= size) return 0;
  const AVRational rate = av_guess_frame_rate(input_.get(), input_->streams[stream_], nullptr);
  constexpr double kMost = 1e9;  // headers may state anything
  const double missing = Duration() - std::max(latest_end_, 0.0);
  const double frames = rate.num > 0 && rate.den > 0 ? missing * av_q2d(rate) : 1;
  return static_cast<int64_t>(std::clamp(frames, 1.0, kMost));
}

}  // namespace unmask
