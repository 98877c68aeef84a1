#pragma once

// For .cc files only: the packets of a file's video stream become pictures.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "unmask/media/ffmpeg_helpers.h"
#include "unmask/media/frame_source.h"
#include "unmask/media/video_packets.h"

namespace unmask {

class VideoDecoder {
 public:
  // Opens the best video stream of a file. `leave_out_from`: frames that no other is made of are
  // not decoded, which saves a good part of the work, but counted from this time stamp on, that of
  // the first frame. Throws Error naming the file and the cause.
  VideoDecoder(const std::filesystem::path& path, const MediaOptions& options,
               std::optional<int64_t> leave_out_from = std::nullopt);

  const AVStream& stream() const { return packets_.stream(); }
  const AVCodec& codec() const { return *decoder_->codec; }

  // FFmpeg's guesses; 0/1: unknown.
  AVRational SampleAspectRatio() const;  // of frame()
  AVRational FrameRate() const;
  double Duration() const { return packets_.Duration(); }

  // Decodes until a sound frame comes; false at the end.
  bool Next();
  const AVFrame& frame() const { return *frame_; }

  // Frames of the stream up to frame(), those left out included.
  int64_t frames() const { return frames_; }
  int64_t left_out_at_end() const { return left_out_at_end_; }
  // That could not be decoded; at the end with those that the file is too short for.
  int64_t corrupt_frames() const { return corrupt_; }
  int other_videos() const { return packets_.other_videos(); }
  // Whether a packet without a time stamp has come, so that frames() is no longer right where
  // frames are left out.
  bool unstamped() const { return unstamped_; }

  // The longest time between two of the next `count` frames, which Next() gives later on; infinite
  // where frames or their packets have no time stamps. Seconds.
  double LongestGap(int count);

 private:
  struct Decoded {
    FramePointer frame;
    int64_t frames = 0;
  };

  bool Decode();
  void Feed();
  void Expect(const AVPacket& packet);
  void Count();

  const std::filesystem::path path_;
  VideoPackets packets_;
  CodecContext decoder_;
  FramePointer frame_;
  AVPacket* waiting_ = nullptr;  // the decoder was not ready for it
  bool draining_ = false;
  int failures_at_end_ = 0;
  const bool leave_out_;
  const int64_t first_stamp_;
  int64_t frames_ = 0;
  int64_t left_out_at_end_ = 0;
  int64_t corrupt_ = 0;
  bool unstamped_ = false;
  // Time stamps of packets whose frames have neither come nor been passed: where frames are left
  // out, a frame's number is that of the stamps before its own.
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<>> expected_;
  std::deque<Decoded> ahead_;
};

}  // namespace unmask
