#include "unmask/base/atomic_folder.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "unmask/base/error.h"

namespace unmask {
namespace fs = std::filesystem;

AtomicFolder::AtomicFolder(fs::path target) : target_(std::move(target)) {
  std::error_code error;
  if (target_.empty()) throw UsageError("the name of the folder to write is empty");
  target_ = fs::absolute(target_).lexically_normal();
  if (!target_.has_filename()) target_ = target_.parent_path();  // "out/"
  if (fs::is_symlink(target_, error)) {  // what a link points at is meant, not the link
    const fs::path real = fs::weakly_canonical(target_, error);
    if (!error) target_ = real;
  }
  if (fs::exists(target_, error) &&
      !(fs::is_directory(target_, error) && fs::is_empty(target_, error))) {
    const bool is_folder = fs::is_directory(target_, error);
    throw UsageError("cannot write " + target_.string() + ": " +
                         (is_folder ? "the folder is not empty" : "it exists and is no folder"),
                     "Give another name, or remove it first");
  }
  const fs::path parent = target_.parent_path();
  if (!fs::is_directory(parent, error)) {
    throw Error(
        "cannot write " + target_.string() + ": the folder " + parent.string() + " does not exist",
        "Create it first");
  }
  std::string name = (parent / ("." + target_.filename().string() + ".part-XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) {
    throw Error("cannot write " + target_.string() + ": " + std::strerror(errno),
                "Choose a folder you may write to");
  }
  temporary_ = name;
  const mode_t mask = umask(0);  // mkdtemp() makes folders for the user alone
  umask(mask);
  chmod(name.c_str(), 0777 & ~mask);
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(temporary_, ignored);
}

void AtomicFolder::Commit() {
  std::error_code error;
  fs::rename(temporary_, target_, error);  // takes the place of an empty folder
  if (error) throw Error("cannot write " + target_.string() + ": " + error.message());
  committed_ = true;
}

}  // namespace unmask
