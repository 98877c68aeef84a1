#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "unmask/base/error.h"
#include "unmask/base/file_lock.h"

namespace unmask {

// A LinesFile cannot be written, so that there is no point in going on.
class UnwritableLines : public Error {
 public:
  using Error::Error;
};

// A text file that keeps what long work has done so far: it grows by whole lines, and what a crash
// left of a line makes way for the next one. What other programs add meanwhile stays.
class LinesFile {
 public:
  // Opens the file, or begins an empty one; what is there is not changed before Append(). Throws
  // Error where it is no ordinary file, cannot be read or written, or another LinesFile, of any
  // process, has it open.
  explicit LinesFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }

  // Calls `line` with each whole line that was there when the file was opened, without its end;
  // empty ones are left out.
  void ReadLines(const std::function<void(const std::string&)>& line) const;

  // What follows the last whole line: a line that was cut short, if the file is what it should be.
  // The first Append() drops it.
  const std::string& tail() const { return tail_; }

  // Adds a line, which must hold no line break. Thread-safe. Throws UnwritableLines, and has the
  // file as it was.
  void Append(std::string_view line);

 private:
  const std::filesystem::path path_;
  std::unique_ptr<FileLock> lock_;
  std::mutex mutex_;
  std::string tail_;
  int64_t end_ = 0;  // of the last whole line when it was opened
};

}  // namespace unmask
