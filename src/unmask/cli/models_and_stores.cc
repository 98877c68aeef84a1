#include "unmask/cli/models_and_stores.h"

#include <fstream>
#include <string>

#include "unmask/base/error.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// Stores are SQLite databases, which begin so.
bool IsStore(const fs::path& path) {
  const std::string expected = "SQLite format 3";
  std::string begin(expected.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin == expected;
}

}  // namespace

ModelsAndStores TellApart(const std::vector<fs::path>& paths) {
  ModelsAndStores told;
  for (const fs::path& path : paths) {
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) {
      throw Error(path.string() + (fs::exists(path, ignored) ? ": is no file" : ": no such file"),
                  "Give models, and stores of `unmask prepare`");
    }
    (IsStore(path) ? told.stores : told.models).push_back(path);
  }
  if (told.models.empty()) throw UsageError("no model is given", "Name an ONNX model");
  if (told.stores.empty()) {
    throw UsageError("no store of faces is given", "Name one that `unmask prepare` made");
  }
  return told;
}

}  // namespace unmask
