#pragma once

// For .cc files only: the packets of a file's video stream, in the order of decoding.

#include <cstdint>
#include <filesystem>

#include "unmask/media/ffmpeg_helpers.h"

namespace unmask {

class VideoPackets {
 public:
  // Opens the best video stream of a file. Throws Error naming the file and the cause.
  explicit VideoPackets(const std::filesystem::path& path);

  const AVStream& stream() const { return *input_->streams[stream_]; }
  const AVCodec& codec() const { return *codec_; }
  AVFormatContext* input() const { return input_.get(); }
  double Duration() const;  // seconds, of the stream where that is known; 0: unknown

  // The next packet, which lasts until the next call; nullptr at the end. Where time stamps begin
  // anew, as in recordings that were put together, they are shifted so that time goes on.
  AVPacket* Next();

  // Video streams of the file beside this one, cover pictures aside; more may turn up until the
  // end.
  int other_videos() const;

  // Frames that the file promises and does not hold, and one where it could not be read to its
  // end; known at the end.
  int64_t missing_frames() const { return missing_; }

 private:
  bool IsMatroska() const;
  int64_t FramesBeyondEnd() const;
  int64_t FramesCutOff() const;
  void JoinTimes(AVPacket& packet);

  const std::filesystem::path path_;
  InputContext input_;
  PacketPointer packet_;
  const AVCodec* codec_ = nullptr;
  int stream_ = -1;
  int64_t missing_ = 0;
  double latest_end_ = 0;            // of the packets that have come, as the file says; seconds
  int64_t shift_ = 0;                // of time stamps, in units of the stream
  int64_t last_ = AV_NOPTS_VALUE;    // the latest time of decoding, shifted
  int64_t latest_ = AV_NOPTS_VALUE;  // and of presentation
};

}  // namespace unmask
