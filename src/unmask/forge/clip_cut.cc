#include "unmask/forge/clip_cut.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/media/scale.h"

namespace unmask {
namespace {

class CutSource : public FrameSource {
 public:
  CutSource(std::unique_ptr<FrameSource> source, const ClipCut& cut)
      : source_(std::move(source)), cut_(cut), info_(source_->info()) {
    if (cut.max_height > 0 && info_.height > cut.max_height) {
      const double factor = static_cast<double>(cut.max_height) / info_.height;
      info_.width = EvenPixels(info_.width * factor);
      info_.height = EvenPixels(cut.max_height);
    }
    if (cut.seconds > 0) {
      info_.duration = info_.duration > 0 ? std::min(info_.duration, cut.seconds) : cut.seconds;
      info_.frame_count = 0;
    }
  }

  const MediaInfo& info() const override { return info_; }
  bool Grab() override {
    // A frame that begins at the very end is not shown any more.
    return source_->Grab() && (cut_.seconds <= 0 || source_->time() < cut_.seconds - 1e-6);
  }
  int64_t index() const override { return source_->index(); }
  double time() const override { return source_->time(); }
  int64_t corrupt_frames() const override { return source_->corrupt_frames(); }
  int other_videos() const override { return source_->other_videos(); }

  Image Retrieve() override {
    Image frame = source_->Retrieve();
    if (frame.width == info_.width && frame.height == info_.height) return frame;
    return Scaled(frame, info_.width, info_.height);
  }

 private:
  std::unique_ptr<FrameSource> source_;
  ClipCut cut_;
  MediaInfo info_;
};

}  // namespace

void ClipCut::Validate() const {
  if (!(seconds >= 0) || !std::isfinite(seconds)) {
    throw UsageError("the seconds of a clip must not be negative");
  }
  if (max_height != 0 && (max_height < 64 || max_height > 8192)) {
    throw UsageError("the largest height must lie in 64 … 8192, or be 0");
  }
}

std::unique_ptr<FrameSource> OpenCut(const std::filesystem::path& path, const ClipCut& cut,
                                     int threads) {
  auto source = OpenMedia(path, {.threads = threads});
  if (source->info().is_picture) {
    throw Error(path.string() + ": is a picture, not a video", "Give clips of people");
  }
  return std::make_unique<CutSource>(std::move(source), cut);
}

ClipFrames::ClipFrames(std::filesystem::path path, const ClipCut& cut, int64_t memory)
    : path_(std::move(path)), cut_(cut), memory_(memory), info_(OpenCut(path_, cut_)->info()) {}

void ClipFrames::ForEach(const std::function<void(int64_t, double, const Image&)>& use) {
  if (kept_) {
    for (const Frame& frame : frames_) use(frame.index, frame.time, frame.image);
    return;
  }
  const auto source = OpenCut(path_, cut_);
  bool keep = true;
  int64_t bytes = 0;
  while (source->Grab()) {
    Image image = source->Retrieve();
    use(source->index(), source->time(), image);
    bytes += static_cast<int64_t>(image.data.size());
    if (bytes > memory_) {
      keep = false;
      frames_ = {};
    }
    if (keep) frames_.push_back({source->index(), source->time(), std::move(image)});
  }
  kept_ = keep;
}

}  // namespace unmask
