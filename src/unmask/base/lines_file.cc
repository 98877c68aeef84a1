#include "unmask/base/lines_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

namespace unmask {
namespace {

namespace fs = std::filesystem;

// Devices and pipes can be locked and read for ever.
fs::path OrdinaryFile(fs::path path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw Error(path.string() + ": is no ordinary file", "Give the name of a new one");
  }
  return path;
}

bool WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

LinesFile::LinesFile(fs::path path)
    : path_(OrdinaryFile(std::move(path))), lock_(FileLock::TryToLock(path_)) {
  if (!lock_)
    throw Error(path_.string() + ": another run is writing it", "Wait until it has ended");
  std::ifstream file(path_, std::ios::binary);
  if (!file) throw Error(path_.string() + ": cannot be read");
  for (std::string line; std::getline(file, line);) {
    if (file.eof()) {
      tail_ = std::move(line);
      break;
    }
    end_ += static_cast<int64_t>(line.size()) + 1;
  }
  if (file.bad()) throw Error(path_.string() + ": cannot be read");
}

void LinesFile::ReadLines(const std::function<void(const std::string&)>& line) const {
  std::ifstream file(path_, std::ios::binary);
  int64_t read = 0;
  for (std::string text; read < end_ && std::getline(file, text);) {
    read += static_cast<int64_t>(text.size()) + 1;
    if (!text.empty()) line(text);
  }
  if (read != end_) throw Error(path_.string() + ": cannot be read");
}

void LinesFile::Append(std::string_view line) {
  const std::string whole = std::string(line) + "\n";
  const std::lock_guard<std::mutex> lock(mutex_);
  // Through the descriptor that was locked: the name may mean another file by now.
  const int file = lock_->descriptor();
  struct stat before {};
  bool good = tail_.empty() || ftruncate(file, end_) == 0;
  if (good) tail_.clear();
  good = good && fstat(file, &before) == 0 && lseek(file, 0, SEEK_END) >= 0;
  if (good && WriteAll(file, whole)) return;
  const std::string cause = std::strerror(errno);
  if (good && ftruncate(file, before.st_size) != 0) good = false;  // half a line is dropped later
  throw UnwritableLines(path_.string() + ": cannot be written: " + cause,
                        "Free some space, or write to another disk");
}

}  // namespace unmask
