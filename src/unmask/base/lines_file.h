#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/file_lock.h"

namespace unmask {

// A LinesFile cannot be written, so that there is no point in going on.
class UnwritableLines : public Error {
 public:
  using Error::Error;
};

// A text file that keeps what long work has done so far: it grows by whole lines, and what a crash
// left of a line makes way for the next one.
class LinesFile {
 public:
  // Opens the file, or begins an empty one; what is there is not changed before Append(). Throws
  // Error where it cannot be read or written, or another LinesFile, of any process, has it open.
  explicit LinesFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }

  // The lines that were there when it was opened, without their ends, empty ones left out. Takes
  // them away: the second call gives none.
  std::vector<std::string> TakeLines();

  // Adds a line, which must hold no line break. Thread-safe. Throws UnwritableLines, and has the
  // file as it was.
  void Append(std::string_view line);

 private:
  const std::filesystem::path path_;
  std::unique_ptr<FileLock> lock_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  uintmax_t end_ = 0;  // of the last whole line
};

}  // namespace unmask
