#include "unmask/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "unmask/base/error.h"

namespace unmask {

namespace fs = std::filesystem;

std::unique_ptr<FileLock> FileLock::TryToLock(const fs::path& file) {
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT, 0644);
  if (descriptor < 0) {
    throw Error(file.string() + ": cannot be written: " + std::strerror(errno));
  }
  for (int attempt = 0; flock(descriptor, LOCK_EX | LOCK_NB) != 0; ++attempt) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      const std::string cause = std::strerror(errno);
      close(descriptor);
      throw Error(file.string() + ": cannot be locked: " + cause,
                  "Write to a disk of this machine; some network file systems know no locks");
    }
    if (attempt == 5) {  // somebody who only looked would have gone
      close(descriptor);
      return nullptr;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return std::unique_ptr<FileLock>(new FileLock(descriptor));
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace unmask
