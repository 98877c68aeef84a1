#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "unmask/media/image.h"

namespace unmask {

// Reads JPEG (EXIF orientation applied), PNG and TIFF (alpha laid on white, 16 bits reduced), BMP
// and WebP as RGB. Throws Error naming the file and the cause.
Image ReadPicture(const std::filesystem::path& path, int64_t max_pixels = int64_t{1} << 28);

// Writes JPEG, PNG, WebP, BMP or TIFF by the extension, atomically. `quality`: 1 … 100 for JPEG and
// WebP.
void WritePicture(const std::filesystem::path& path, const Image& image, int quality = 95);

// JPEG bytes of `image` and back, in memory.
std::vector<uint8_t> EncodeJpeg(const Image& image, int quality);
Image DecodePicture(const std::vector<uint8_t>& bytes);

// True when the extension is that of a picture ReadPicture() understands.
bool IsPicturePath(const std::filesystem::path& path);

// Pictures and videos (by extension) below `folder`, sorted; files and missing paths come back as
// they are. Throws Error when a folder holds none.
std::vector<std::filesystem::path> ExpandMedia(const std::vector<std::filesystem::path>& paths);

}  // namespace unmask
