#include "unmask/explain/model_names.h"

#include <set>

namespace unmask {

namespace fs = std::filesystem;

std::vector<std::string> NamesThatDiffer(const std::vector<ModelMetadata>& metadata,
                                         const std::vector<fs::path>& paths) {
  std::vector<std::vector<std::string>> kinds(4);
  for (size_t i = 0; i < paths.size(); ++i) {
    const fs::path absolute = fs::weakly_canonical(paths[i]);
    kinds[0].push_back(metadata[i].name);
    kinds[1].push_back(metadata[i].loss);
    kinds[2].push_back(paths[i].stem().string());
    kinds[3].push_back((absolute.parent_path().filename() / absolute.stem()).string());
  }
  for (const std::vector<std::string>& names : kinds) {
    const std::set<std::string> different(names.begin(), names.end());
    if (different.size() == names.size() && !different.contains("")) return names;
  }
  std::vector<std::string> names;
  for (const fs::path& path : paths) names.push_back(path.string());
  return names;
}

}  // namespace unmask
