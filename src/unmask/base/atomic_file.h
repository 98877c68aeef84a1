#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace unmask {

// A file that appears whole or not at all: write to temporary_path(), then Commit().
//
// The temporary file lies beside the target and keeps its extension (encoders choose their format
// by it). Without Commit() the destructor removes it, so an exception leaves nothing behind.
class AtomicFile {
 public:
  // A link is followed. Throws Error when the folder of `target` does not exist or cannot be
  // written to, and when `target` is there but no ordinary file.
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& target() const { return target_; }
  const std::filesystem::path& temporary_path() const { return temporary_; }

  // Renames the temporary file to the target. Throws Error when it is missing or cannot be renamed.
  void Commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  bool committed_ = false;
};

// Throws UsageError when `output` is one of `inputs`, whatever the names say (links, "./").
void RefuseToOverwrite(const std::filesystem::path& output,
                       const std::vector<std::filesystem::path>& inputs);

// Writes `text` atomically. Throws Error naming the file, also when the disk is full.
void WriteTextFile(const std::filesystem::path& path, std::string_view text);

}  // namespace unmask
