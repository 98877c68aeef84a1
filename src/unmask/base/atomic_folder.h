#pragma once

#include <filesystem>

namespace unmask {

// A folder that appears whole or not at all: fill temporary_path(), then Commit(). Without Commit()
// the destructor removes it with what is in it.
class AtomicFolder {
 public:
  // Creates the temporary folder beside `target`. Throws UsageError when `target` is there and is
  // not an empty folder, Error when its parent does not exist or cannot be written to.
  explicit AtomicFolder(std::filesystem::path target);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  const std::filesystem::path& target() const { return target_; }
  const std::filesystem::path& temporary_path() const { return temporary_; }

  // Renames the temporary folder to the target. Throws Error when that is not possible any more.
  void Commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  bool committed_ = false;
};

}  // namespace unmask
