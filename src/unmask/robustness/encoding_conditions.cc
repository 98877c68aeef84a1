#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/media/recompress.h"
#include "unmask/media/scale.h"
#include "unmask/media/video_writer.h"
#include "unmask/robustness/makers.h"
#include "unmask/sampling/degrade.h"

namespace unmask {
namespace {

// A still picture is encoded as a clip of so many frames, of which the last one is taken.
constexpr int kStillFrames = 8;

// One upload: what the network makes of a file. Round numbers of the kind that networks publish or
// users have measured, not those of any one network.
struct Upload {
  int longer_side;  // pixels at most, of a video
  int crf;
  int picture_longer_side;
  int jpeg_quality;
};
constexpr Upload kUploads[] = {{1280, 26, 2048, 85}, {848, 29, 1440, 78}, {640, 31, 1080, 70}};

FrameSequence EncodeVideo(const FrameSequence& frames, int crf) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "encoded.mkv";
  const Image& first = frames.images.front();
  VideoWriter writer(file, first.width, first.height,
                     {.frames_per_second = frames.frames_per_second, .crf = crf, .threads = 1});
  for (size_t i = 0; i < frames.images.size(); ++i) writer.Write(frames.images[i], frames.times[i]);
  writer.Finish();
  FrameSequence decoded = frames;
  const auto source = OpenMedia(file, {.threads = 1});
  size_t count = 0;
  for (; source->Grab() && count < decoded.images.size(); ++count) {
    const Image frame = source->Retrieve();  // an odd size has been padded at the right and below
    Image& image = decoded.images[count];
    for (int y = 0; y < image.height; ++y) {
      std::memcpy(image.row(y), frame.row(y), image.row_bytes());
    }
  }
  if (count != frames.images.size()) throw Error("x264 lost frames of an excerpt");
  return decoded;
}

FrameSequence Encode(const FrameSequence& frames, int crf) {
  if (!frames.is_picture) return EncodeVideo(frames, crf);
  FrameSequence encoded = frames;
  encoded.images.front() =
      RecompressH264(frames.images.front(), {.crf = crf, .frames = kStillFrames});
  return encoded;
}

void LimitLongerSide(FrameSequence& frames, int limit) {
  const Image& first = frames.images.front();
  const double factor = static_cast<double>(limit) / std::max(first.width, first.height);
  if (factor >= 1) return;
  const int width = EvenPixels(first.width * factor), height = EvenPixels(first.height * factor);
  for (Image& image : frames.images) image = Scaled(image, width, height);
}

void CompressFrames(FrameSequence& frames, int quality) {
  for (Image& image : frames.images) CompressJpeg(image, quality, 0, 0);
}

}  // namespace

FrameSequence CompressWithX264(const Excerpt& excerpt, double crf, uint64_t /*seed*/) {
  return Encode(excerpt.frames, static_cast<int>(crf));
}

FrameSequence CompressWithJpeg(const Excerpt& excerpt, double quality, uint64_t /*seed*/) {
  FrameSequence frames = excerpt.frames;
  CompressFrames(frames, static_cast<int>(quality));
  return frames;
}

FrameSequence ShareOnNetworks(const Excerpt& excerpt, double uploads, uint64_t /*seed*/) {
  FrameSequence frames = excerpt.frames;
  for (int i = 0; i < static_cast<int>(uploads); ++i) {
    const Upload& upload = kUploads[i];
    LimitLongerSide(frames, frames.is_picture ? upload.picture_longer_side : upload.longer_side);
    if (frames.is_picture) {
      CompressFrames(frames, upload.jpeg_quality);
    } else {
      frames = Encode(frames, upload.crf);
    }
  }
  return frames;
}

}  // namespace unmask
