#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace unmask {

// Compiled networks in a folder, one file per key. Every file carries its key and a hash of its
// contents, so a damaged, truncated or foreign file is a miss and never reaches the engine. Nothing
// here throws because of the file system: a cache that cannot be read or written is an empty one.
class BlobCache {
 public:
  // `folder` may be empty (no cache) or missing (created on Store). Beyond `max_files` the files
  // that were not used for the longest time are removed.
  explicit BlobCache(std::filesystem::path folder, size_t max_files = 16);

  std::optional<std::string> Load(std::string_view key) const;
  void Store(std::string_view key, std::string_view blob) const;

 private:
  std::filesystem::path PathOf(std::string_view key) const;
  void Prune() const;

  std::filesystem::path folder_;
  size_t max_files_;
};

// A hash of the contents, "<bytes>-<16 hexadecimal digits>", stable on this machine. Throws Error
// when the file cannot be read.
std::string HashOfFile(const std::filesystem::path& path);

}  // namespace unmask
