#include "unmask/base/paths.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <system_error>
#include <vector>

#include "unmask/base/config.h"
#include "unmask/base/error.h"

namespace unmask {
namespace fs = std::filesystem;
namespace {

fs::path FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? fs::path(value) : fs::path();
}

fs::path ExecutableFolder() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path();
}

// Where the data of an installed libunmask.so are. Empty where this code was linked into a program.
fs::path DataOfLibrary() {
  Dl_info info = {};
  if (dladdr(reinterpret_cast<const void*>(&DataOfLibrary), &info) == 0) return {};
  const fs::path library = info.dli_fname;
  if (!library.filename().string().starts_with("libunmask")) return {};
  std::error_code ignored;
  return fs::absolute(library, ignored).parent_path() / kDataFolderFromLibrary;
}

}  // namespace

std::vector<fs::path> AssetFolders() {
  std::vector<fs::path> folders;
  for (const fs::path& folder :
       {FromEnvironment("UNMASK_DATA"), ExecutableFolder() / ".." / "share" / "unmask",
        DataOfLibrary(), fs::path(kInstallDataFolder), fs::path(kBuildDataFolder),
        fs::path(kSourceFolder)}) {
    if (!folder.empty()) folders.push_back(folder);
  }
  return folders;
}

fs::path FindAsset(const std::string& name) {
  std::string tried;
  for (const fs::path& folder : AssetFolders()) {
    std::error_code ignored;
    if (fs::exists(folder / name, ignored)) return folder / name;
    tried += (tried.empty() ? "" : ", ") + folder.lexically_normal().string();
  }
  throw Error("the program's own file " + name + " is missing (looked in " + tried + ")",
              "Run ./setup, or point UNMASK_DATA at the folder that holds it");
}

std::vector<std::string> AssetsIn(const std::string& folder, const std::string& extension) {
  std::set<std::string> names;
  for (const fs::path& assets : AssetFolders()) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(assets / folder, error)) {
      if (entry.path().extension() == extension) names.insert(entry.path().filename().string());
    }
  }
  return {names.begin(), names.end()};
}

fs::path ProgramBesideThis(const std::string& name) { return ExecutableFolder() / name; }

fs::path CacheFolder() {
  fs::path folder = FromEnvironment("UNMASK_CACHE");
  if (folder.empty()) {
    fs::path base = FromEnvironment("XDG_CACHE_HOME");
    if (base.empty()) {
      const fs::path home = FromEnvironment("HOME");
      if (home.empty()) return {};
      base = home / ".cache";
    }
    folder = base / "unmask";
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || access(folder.c_str(), W_OK) != 0) return {};
  return folder;
}

}  // namespace unmask
