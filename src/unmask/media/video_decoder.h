#pragma once

// For .cc files only: the packets of a file's video stream become pictures.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <queue>
#include <vector>

#include "unmask/media/ffmpeg_helpers.h"
#include "unmask/media/frame_source.h"

namespace unmask {

class VideoDecoder {
 public:
  // Opens the best video stream of a file. `leave_out`: frames that no other is made of are not
  // decoded, which saves a good part of the work. Throws Error naming the file and the cause.
  VideoDecoder(const std::filesystem::path& path, const MediaOptions& options, bool leave_out);

  const AVStream& stream() const { return *input_->streams[stream_]; }
  const AVCodec& codec() const { return *decoder_->codec; }

  // FFmpeg's guesses; 0/1: unknown.
  AVRational SampleAspectRatio() const;  // of frame()
  AVRational FrameRate() const;
  double FileDuration() const;  // seconds, of the longest stream; 0: unknown

  // Decodes until a sound frame comes; false at the end.
  bool Next();
  const AVFrame& frame() const { return *frame_; }

  // Frames of the stream up to frame(), those left out included.
  int64_t frames() const { return frames_; }
  int64_t left_out_at_end() const { return left_out_at_end_; }
  // That could not be decoded; at the end with those that the file is too short for.
  int64_t corrupt_frames() const { return corrupt_; }

  // The longest time between two of the next `count` frames, which Next() gives later on; infinite
  // where the frames have no time stamps. Seconds.
  double LongestGap(int count);

 private:
  struct Decoded {
    FramePointer frame;
    int64_t frames = 0;
  };

  void OpenStream(const MediaOptions& options, bool leave_out);
  bool Decode();
  void Feed();
  void Count();
  int64_t FramesBeyondEnd() const;
  bool EndsAsStated() const;
  int64_t FramesBeforeStatedEnd() const;

  const std::filesystem::path path_;
  InputContext input_;
  CodecContext decoder_;
  PacketPointer packet_;
  FramePointer frame_;
  int stream_ = -1;
  bool draining_ = false;
  int failures_at_end_ = 0;
  bool leave_out_ = false;
  int64_t frames_ = 0;
  int64_t left_out_at_end_ = 0;
  int64_t corrupt_ = 0;
  double latest_stamp_ = 0;  // of a packet of any stream that is read, seconds
  // Time stamps of packets whose frames have neither come nor been passed: where frames are left
  // out, a frame's number is that of the stamps before its own.
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<>> expected_;
  std::deque<Decoded> ahead_;
};

}  // namespace unmask
