#include <algorithm>
#include <cctype>
#include <string>
#include <system_error>

#include "unmask/base/error.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace fs = std::filesystem;
namespace {

bool IsVideoPath(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  for (const char* known : {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".mpg",
                            ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".3gp", ".ogv"}) {
    if (extension == known) return true;
  }
  return false;
}

}  // namespace

std::vector<fs::path> ExpandMedia(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  for (const fs::path& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<fs::path> found;
    fs::recursive_directory_iterator entries(path, fs::directory_options::skip_permission_denied,
                                             error);
    for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
      const fs::path& file = entries->path();
      const bool hidden = file.filename().string().front() == '.';
      std::error_code ignored;
      if (!hidden && entries->is_regular_file(ignored) &&
          (IsPicturePath(file) || IsVideoPath(file))) {
        found.push_back(file);
      }
    }
    if (error) throw Error("cannot read the folder " + path.string() + ": " + error.message());
    if (found.empty()) {
      throw Error("the folder " + path.string() + " holds no videos or pictures",
                  "Files of other extensions can be given by name");
    }
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

}  // namespace unmask
