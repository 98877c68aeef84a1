#include "unmask/base/atomic_file.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "unmask/base/error.h"

namespace unmask {
namespace fs = std::filesystem;

AtomicFile::AtomicFile(fs::path target) : target_(std::move(target)) {
  static std::atomic<int> counter{0};
  std::error_code ignored;
  // What a link points at is meant, not the link.
  if (fs::is_symlink(target_, ignored)) {
    const fs::path real = fs::weakly_canonical(target_, ignored);
    if (!ignored && !real.empty()) target_ = real;
  }
  if (fs::is_directory(target_, ignored)) {
    throw Error("cannot write " + target_.string() + ": it is a folder", "Give a file name");
  }
  if (fs::exists(target_, ignored) && !fs::is_regular_file(target_, ignored)) {
    // Renaming over a device or a pipe would do away with it.
    throw Error("cannot write " + target_.string() + ": it is a device or a pipe, not a file",
                "Give the name of a file");
  }
  const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, ignored)) {
    throw Error(
        "cannot write " + target_.string() + ": the folder " + folder.string() + " does not exist",
        "Create it first");
  }
  if (access(folder.c_str(), W_OK) != 0) {
    throw Error("cannot write " + target_.string() + ": " + std::strerror(errno),
                "Choose a folder you may write to");
  }
  temporary_ = folder / ("." + target_.stem().string() + "." + std::to_string(getpid()) + "-" +
                         std::to_string(counter++) + ".part" + target_.extension().string());
}

AtomicFile::~AtomicFile() {
  std::error_code ignored;
  if (!committed_) fs::remove(temporary_, ignored);
}

void AtomicFile::Commit() {
  std::error_code error;
  fs::rename(temporary_, target_, error);
  if (error) throw Error("cannot write " + target_.string() + ": " + error.message());
  committed_ = true;
}

void RefuseToOverwrite(const fs::path& output, const std::vector<fs::path>& inputs) {
  for (const fs::path& input : inputs) {
    std::error_code ignored;
    if (fs::equivalent(input, output, ignored)) {
      throw UsageError(output.string() + " would overwrite the input " + input.string(),
                       "Give another name");
    }
  }
}

void WriteTextFile(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  std::ofstream stream(file.temporary_path(), std::ios::binary);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
  stream.close();
  if (!stream) {
    throw Error("cannot write " + path.string() + ": " + std::strerror(errno),
                "Check the free space and the permissions");
  }
  file.Commit();
}

}  // namespace unmask
