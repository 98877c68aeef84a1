#include "unmask/infer/blob_cache.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/log.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "unmask-blob-1\n";
constexpr char kExtension[] = ".blob";

std::string HexHash(std::string_view bytes) {
  char text[17];
  std::snprintf(text, sizeof text, "%016zx", std::hash<std::string_view>{}(bytes));
  return text;
}

std::optional<std::string> ReadAll(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  std::error_code error;
  std::string bytes(fs::file_size(path, error), '\0');
  if (error) return std::nullopt;
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream) return std::nullopt;
  return bytes;
}

// What stands before the blob: the magic, the key and the hash of the blob, one a line.
std::string HeaderOf(std::string_view key, std::string_view blob) {
  return std::string(kMagic) + std::string(key) + "\n" + HexHash(blob) + "\n";
}

}  // namespace

BlobCache::BlobCache(fs::path folder, size_t max_files)
    : folder_(std::move(folder)), max_files_(max_files) {}

fs::path BlobCache::PathOf(std::string_view key) const {
  return folder_ / (HexHash(key) + kExtension);
}

std::optional<std::string> BlobCache::Load(std::string_view key) const {
  if (folder_.empty()) return std::nullopt;
  try {
    const fs::path path = PathOf(key);
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return std::nullopt;
    std::optional<std::string> bytes = ReadAll(path);
    if (!bytes) return std::nullopt;
    const size_t header = HeaderOf(key, "").size();
    if (bytes->size() < header) return std::nullopt;
    const std::string_view blob = std::string_view(*bytes).substr(header);
    if (!bytes->starts_with(HeaderOf(key, blob))) return std::nullopt;
    fs::last_write_time(path, fs::file_time_type::clock::now(), error);  // used: prune it later
    return bytes->substr(header);
  } catch (const std::exception& e) {
    Log(LogLevel::kDebug, std::string("cache not read: ") + e.what());
    return std::nullopt;
  }
}

void BlobCache::Store(std::string_view key, std::string_view blob) const {
  if (folder_.empty()) return;
  try {
    fs::create_directories(folder_);
    AtomicFile file(PathOf(key));
    std::ofstream stream(file.temporary_path(), std::ios::binary);
    stream << HeaderOf(key, blob) << blob;
    stream.close();
    if (!stream) throw Error("cannot write " + file.temporary_path().string());
    file.Commit();
    Prune();
  } catch (const std::exception& e) {
    Log(LogLevel::kDebug, std::string("cache not written: ") + e.what());
  }
}

void BlobCache::Prune() const {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() == kExtension) {
      files.emplace_back(entry.last_write_time(), entry.path());
    }
  }
  if (files.size() <= max_files_) return;
  std::sort(files.begin(), files.end());
  std::error_code error;
  for (size_t i = 0; i + max_files_ < files.size(); ++i) fs::remove(files[i].second, error);
}

std::string HashOfFile(const fs::path& path) {
  const std::optional<std::string> bytes = ReadAll(path);
  if (!bytes) {
    throw Error(path.string() + ": cannot be read", "Check the permissions of the file.");
  }
  return std::to_string(bytes->size()) + "-" + HexHash(*bytes);
}

}  // namespace unmask
