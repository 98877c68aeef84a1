#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>

#include "unmask/base/error.h"
#include "unmask/media/frame_source.h"
#include "unmask/media/sources.h"

namespace unmask {
namespace fs = std::filesystem;
namespace {

enum class Content { kVideo, kPicture, kWebpAnimation };

// By the first bytes, because extensions lie.
Content ContentOf(std::string_view head) {
  using namespace std::string_view_literals;
  const auto starts = [&](std::string_view magic) { return head.substr(0, magic.size()) == magic; };
  if (starts("\xFF\xD8\xFF"sv) || starts("\x89PNG\r\n\x1A\n"sv) || starts("II*\0"sv) ||
      starts("MM\0*"sv) || starts("BM"sv)) {
    return Content::kPicture;
  }
  if (starts("RIFF"sv) && head.substr(8, 4) == "WEBP"sv) {
    constexpr unsigned char kAnimationFlag = 0x02;
    const bool animated = head.substr(12, 4) == "VP8X"sv && head.size() > 20 &&
                          (static_cast<unsigned char>(head[20]) & kAnimationFlag) != 0;
    return animated ? Content::kWebpAnimation : Content::kPicture;
  }
  return Content::kVideo;
}

}  // namespace

void CheckFrameSize(const fs::path& path, int64_t width, int64_t height,
                    const MediaOptions& options) {
  if (width <= 0 || height <= 0) throw Error("cannot read " + path.string() + ": frames are empty");
  if (width > options.max_pixels / height) {
    throw Error("cannot read " + path.string() + ": its frames of " + std::to_string(width) + "x" +
                    std::to_string(height) + " pixels are too large",
                "Scale it down first, or raise the limit of pixels");
  }
}

void FrameSource::AllowGaps(double) {}

std::unique_ptr<Frame> FrameSource::Share() { return FrameOf(Retrieve()); }

std::unique_ptr<FrameSource> OpenMedia(const fs::path& path, const MediaOptions& options) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw Error("cannot read " + path.string() + ": no such file", "Check the name");
  }
  if (fs::is_directory(status)) {
    throw Error("cannot read " + path.string() + ": it is a folder", "Give the files in it");
  }
  if (!fs::is_regular_file(status)) {  // its bytes can be read only once, and here only in part
    throw Error("cannot read " + path.string() + ": it is a pipe or a device",
                "Save what comes out of it as a file");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw Error("cannot read " + path.string() + ": " + std::strerror(errno));
  std::array<char, 32> head{};
  stream.read(head.data(), head.size());
  if (stream.gcount() == 0) {
    throw Error("cannot read " + path.string() + ": the file is empty",
                "Check that the download or recording is complete");
  }
  switch (ContentOf({head.data(), static_cast<size_t>(stream.gcount())})) {
    case Content::kPicture:
      return OpenPicture(path, options);
    case Content::kWebpAnimation:
      return OpenWebpAnimation(path, options);
    case Content::kVideo:
      break;
  }
  return OpenVideo(path, options);
}

}  // namespace unmask
