#include <webp/demux.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/media/sources.h"

namespace unmask {
namespace {

struct WebpDeleter {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

// FFmpeg 5.1 cannot decode animated WebP; libwebp can.
class WebpAnimation : public FrameSource {
 public:
  WebpAnimation(const std::filesystem::path& path, const MediaOptions& options) : path_(path) {
    std::ifstream stream(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    const WebPData data{reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size()};
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(data.bytes, data.size, &features) != VP8_STATUS_OK) Fail();
    CheckFrameSize(path, features.width, features.height, options);
    decoder_.reset(WebPAnimDecoderNew(&data, nullptr));
    WebPAnimInfo animation;
    if (!decoder_ || !WebPAnimDecoderGetInfo(decoder_.get(), &animation)) Fail();
    if (animation.frame_count == 0) throw Error("cannot read " + path.string() + ": no frames");
    info_.width = static_cast<int>(animation.canvas_width);
    info_.height = static_cast<int>(animation.canvas_height);
    info_.frame_count = animation.frame_count;
    info_.codec = "webp";
  }

  const MediaInfo& info() const override { return info_; }

  bool Grab() override {
    if (!WebPAnimDecoderHasMoreFrames(decoder_.get())) return false;
    // The time stamp that libwebp returns is the end of the frame.
    time_ = next_time_;
    int end_milliseconds = 0;
    if (!WebPAnimDecoderGetNext(decoder_.get(), &pixels_, &end_milliseconds)) {
      ++corrupt_;
      return false;  // later frames build on this one
    }
    next_time_ = end_milliseconds / 1000.0;
    ++index_;
    return true;
  }

  int64_t index() const override { return index_; }
  double time() const override { return time_; }
  int64_t corrupt_frames() const override { return corrupt_; }

  Image Retrieve() override {
    Image image(info_.width, info_.height);
    const size_t count = static_cast<size_t>(info_.width) * info_.height;
    for (size_t i = 0; i < count; ++i) {  // RGBA, laid on white
      const uint8_t* from = pixels_ + 4 * i;
      const int alpha = from[3];
      for (int c = 0; c < 3; ++c) {
        image.data[3 * i + c] =
            static_cast<uint8_t>((from[c] * alpha + 255 * (255 - alpha) + 127) / 255);
      }
    }
    return image;
  }

 private:
  [[noreturn]] void Fail() const {
    throw Error("cannot read " + path_.string() + ": it is not a valid WebP animation",
                "Check that the download is complete");
  }

  std::filesystem::path path_;
  std::vector<char> bytes_;
  std::unique_ptr<WebPAnimDecoder, WebpDeleter> decoder_;
  MediaInfo info_;
  uint8_t* pixels_ = nullptr;
  int64_t index_ = -1;
  int64_t corrupt_ = 0;
  double time_ = 0;
  double next_time_ = 0;
};

}  // namespace

std::unique_ptr<FrameSource> OpenWebpAnimation(const std::filesystem::path& path,
                                               const MediaOptions& options) {
  return std::make_unique<WebpAnimation>(path, options);
}

}  // namespace unmask
