#include <utility>

#include "unmask/base/error.h"
#include "unmask/media/picture.h"
#include "unmask/media/sources.h"

namespace unmask {
namespace {

class PictureSource : public FrameSource {
 public:
  explicit PictureSource(Image image) : image_(std::move(image)) {
    info_.width = image_.width;
    info_.height = image_.height;
    info_.frame_count = 1;
    info_.is_picture = true;
    info_.codec = "picture";
  }

  const MediaInfo& info() const override { return info_; }
  bool Grab() override { return !std::exchange(grabbed_, true); }
  int64_t index() const override { return 0; }
  double time() const override { return 0; }
  Image Retrieve() override { return image_; }
  int64_t corrupt_frames() const override { return 0; }

 private:
  Image image_;
  MediaInfo info_;
  bool grabbed_ = false;
};

}  // namespace

std::unique_ptr<FrameSource> OpenPicture(const std::filesystem::path& path,
                                         const MediaOptions& options) {
  return std::make_unique<PictureSource>(ReadPicture(path, options.max_pixels));
}

}  // namespace unmask
