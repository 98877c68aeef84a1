#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "unmask/media/frame.h"
#include "unmask/media/image.h"

namespace unmask {

struct MediaInfo {
  int width = 0;  // of an upright frame with square pixels, as Retrieve() returns it
  int height = 0;
  double frames_per_second = 0;  // average; 0 for a picture
  double duration = 0;           // seconds; 0 when unknown and for a picture
  int64_t frame_count = 0;       // as the container states it or estimated; 0 when unknown
  bool is_picture = false;
  std::string codec;  // "h264", "jpeg", …
};

// Frames of a video or the one frame of a picture, in order of presentation.
//
//   while (source->Grab()) if (wanted(source->time())) use(source->Retrieve());
//
// Grab() decodes; only Retrieve() converts to RGB, so a frame nobody wants costs no conversion.
class FrameSource {
 public:
  virtual ~FrameSource() = default;

  virtual const MediaInfo& info() const = 0;

  // Advances to the next frame. False at the end. Corrupt frames are skipped and counted. Throws
  // Error when nothing more can be read because of a failure other than the end of the data.
  virtual bool Grab() = 0;

  // Of the frame last grabbed: its index from 0, counting every sound frame, and its presentation
  // time in seconds from the first frame's (never decreasing).
  virtual int64_t index() const = 0;
  virtual double time() const = 0;

  // The frame last grabbed: RGB, upright, square pixels, always of the size of info() even where
  // the stream changes its size midway.
  virtual Image Retrieve() = 0;

  // The same, converted only as far as it is looked at later on: the source may go on meanwhile, in
  // another thread.
  virtual std::unique_ptr<Frame> Share();

  // To be called before the first Grab(): frames may be left out where decoding them can be saved,
  // as long as those that come lie hardly further apart than `longest` seconds. They keep their
  // numbers and times. Which ones are left out depends on the file alone.
  virtual void AllowGaps(double longest);

  // Frames left out behind the last one that came; known when Grab() has given false.
  virtual int64_t left_out_at_end() const { return 0; }

  // Frames that could not be decoded so far.
  virtual int64_t corrupt_frames() const = 0;

  // Video streams of the file that do not come out here, as far as it was read.
  virtual int other_videos() const { return 0; }
};

struct MediaOptions {
  int threads = 0;  // decoding threads; 0, or all cores: as many as keep those busy
  // Pictures and videos with more pixels than this are refused: hostile headers ask for terabytes.
  int64_t max_pixels = int64_t{1} << 28;
};

// Opens whatever FFmpeg decodes, and pictures. Throws Error naming the file and the cause: missing,
// empty, not a media file, without a video stream, without a frame.
std::unique_ptr<FrameSource> OpenMedia(const std::filesystem::path& path,
                                       const MediaOptions& options = {});

}  // namespace unmask
