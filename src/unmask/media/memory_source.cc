#include "unmask/media/memory_source.h"

#include "unmask/base/error.h"

namespace unmask {
namespace {

class MemorySource : public FrameSource {
 public:
  explicit MemorySource(const FrameSequence& frames) : frames_(frames) {
    info_.width = frames.images.front().width;
    info_.height = frames.images.front().height;
    info_.frame_count = static_cast<int64_t>(frames.images.size());
    info_.is_picture = frames.is_picture;
    if (!frames.is_picture) {
      info_.frames_per_second = frames.frames_per_second;
      info_.duration = frames.times.back() + 1 / frames.frames_per_second;
    }
    info_.codec = "memory";
  }

  const MediaInfo& info() const override { return info_; }
  bool Grab() override { return ++index_ < info_.frame_count; }
  int64_t index() const override { return index_; }
  double time() const override { return frames_.times[static_cast<size_t>(index_)]; }
  Image Retrieve() override { return frames_.images[static_cast<size_t>(index_)]; }
  int64_t corrupt_frames() const override { return 0; }

 private:
  const FrameSequence& frames_;
  MediaInfo info_;
  int64_t index_ = -1;
};

}  // namespace

void FrameSequence::Validate() const {
  if (images.empty()) throw Error("a sequence of frames is empty");
  if (images.size() != times.size()) throw Error("every frame of a sequence needs a time");
  if (is_picture && images.size() != 1) throw Error("a picture has one frame");
  for (const Image& image : images) {
    if (image.empty() || image.channels != 3 || image.width != images.front().width ||
        image.height != images.front().height) {
      throw Error("the frames of a sequence are colour pictures of one size");
    }
  }
}

std::unique_ptr<FrameSource> OpenFrames(const FrameSequence& frames) {
  frames.Validate();
  return std::make_unique<MemorySource>(frames);
}

}  // namespace unmask
