#include "unmask/train_cli/recipe.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "unmask/base/paths.h"
#include "unmask/base/text.h"
#include "unmask/base/toml.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kFolder[] = "recipes";
constexpr char kExtension[] = ".toml";

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const fs::path file : AssetsIn(kFolder, kExtension)) names.push_back(file.stem().string());
  return names;
}

fs::path FileOf(const std::string& name) {
  return FindAsset(std::string(kFolder) + "/" + name + kExtension);
}

}  // namespace

fs::path FindRecipe(const std::string& name) {
  std::error_code error;
  if (fs::is_regular_file(name, error)) return name;
  const std::vector<std::string> names = Names();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    ThrowUnknownName("recipe", name, names);
  }
  return FileOf(name);
}

std::string DescribeRecipes() {
  std::string text = "Recipes (--recipe NAME):\n";
  for (const std::string& name : Names()) {
    std::string summary;
    TomlTable::FromFile(FileOf(name)).Read("summary", summary);
    text += "  " + name + "\n      " + summary + "\n";
  }
  return text;
}

}  // namespace unmask
