#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "unmask/media/image.h"

namespace unmask {

struct VideoWriterOptions {
  double frames_per_second = 25.0;
  int crf = 18;                   // 0 (lossless) … 51
  std::string preset = "medium";  // x264's
  int threads =
      0;  // of the encoder; 0: as many as are good for speed. What is written depends on it
  // Copies the audio stream of this file when it has one. Empty: no audio.
  std::filesystem::path audio_from;
};

// Writes H.264 in the container that the extension names. The file appears when Finish() returns;
// without Finish() nothing is left behind.
class VideoWriter {
 public:
  // Odd sizes are padded by one pixel. Throws Error when the file cannot be written.
  VideoWriter(const std::filesystem::path& path, int width, int height,
              const VideoWriterOptions& options = {});
  ~VideoWriter();

  // `image`: RGB of the size given. `time`: seconds, increasing; negative: by the frame rate.
  void Write(const Image& image, double time = -1.0);

  void Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unmask
