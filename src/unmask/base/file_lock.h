#pragma once

#include <filesystem>
#include <memory>

namespace unmask {

// Holds a file locked against other processes and threads that want to lock it. The lock goes with
// the object and the process, but not before the processes that were started meanwhile: a training
// that outlives a killed study keeps its cell locked until it has ended.
class FileLock {
 public:
  // Empty when another holds it. Throws Error when the file cannot be made or its file system knows
  // no locks.
  static std::unique_ptr<FileLock> TryToLock(const std::filesystem::path& file);
  ~FileLock();

  // Of the locked file, open for reading and writing.
  int descriptor() const { return descriptor_; }

  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace unmask
