#include "unmask/base/temporary_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "unmask/base/error.h"

namespace unmask {
namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "unmask-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw Error("cannot create a temporary folder " + name + ": " + std::strerror(errno),
                "Check the free space of the temporary folder, or set TMPDIR");
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace unmask
