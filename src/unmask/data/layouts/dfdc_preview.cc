// The preview of the Deepfake Detection Challenge (Dolhansky et al. 2019), as unpacked:
//
//   dataset.json    {"method_A/1224068/1224068_D/….mp4": {"label": "fake", "set": "train",
//                    "target_id": "1224068", "swapped_id": "1041198", "augmentations": []}, …}
//   original_videos/, method_A/, method_B/
//
// Keys are files relative to the root; real videos have the person as target_id. `set` knows train
// and test only, whose people differ; of train, one person in ten is val, and swaps between people
// of train and val are left out. The class is the first folder of the file.
#include <nlohmann/json.hpp>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/data/layouts/makers.h"
#include "unmask/data/layouts/support.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr const char* kList = "dataset.json";

// Ids are strings; numbers and null are met in copies.
std::string IdOf(const Json& entry, const char* key) {
  const Json id = entry.value(key, Json());
  if (id.is_number_integer()) return std::to_string(id.get<int64_t>());
  return id.is_string() ? id.get<std::string>() : "";
}

PicturedFile FileFrom(const std::string& key, const Json& entry) {
  const fs::path path = fs::path(key).lexically_normal();
  if (path.is_absolute() || *path.begin() == "..") throw Error("it is not below the root");
  const auto label = entry.at("label").get<std::string>();
  const auto set = entry.at("set").get<std::string>();
  if (label != "real" && label != "fake") throw Error("label '" + label + "'");
  if (set != "train" && set != "test") throw Error("set '" + set + "' is neither train nor test");
  PicturedFile file;
  for (const char* id : {"target_id", "swapped_id"}) {
    const std::string person = IdOf(entry, id);
    if (!person.empty()) file.people.push_back("dfdc-preview/" + person);
  }
  // The name of a real clip begins with its person.
  if (file.people.empty()) {
    const std::string stem = path.stem().string();
    file.people.push_back("dfdc-preview/" + stem.substr(0, stem.find('_')));
  }
  file.input.file = path;
  file.input.identity = file.people.front();
  file.input.label = label == "fake" ? 1 : 0;
  file.input.class_name = label == "real" ? "real" : path.begin()->string();
  file.input.split = set == "test" ? "test" : "";
  return file;
}

std::vector<PicturedFile> ReadList(const fs::path& path) {
  const Json json = ReadJson(path);
  if (!json.is_object()) throw Error(path.string() + ": is not an object of files");
  std::vector<PicturedFile> files;
  for (const auto& [key, entry] : json.items()) {
    const auto refuse = [&](const std::string& cause) {
      throw Error(path.string() + ": '" + key + "': " + cause);
    };
    try {
      files.push_back(FileFrom(key, entry));
    } catch (const nlohmann::json::exception& e) {
      refuse(e.what());
    } catch (const Error& e) {
      refuse(e.problem());
    }
  }
  return files;
}

std::vector<std::string> Lacks(const fs::path& root) {
  std::error_code error;
  if (fs::is_regular_file(root / kList, error)) return {};
  return {kList};
}

Listing List(const fs::path& root, const LayoutOptions& options) {
  Listing listing;
  std::vector<PicturedFile> files = ReadList(root / kList);
  const size_t expected = files.size();
  std::vector<std::string> missing;
  std::erase_if(files, [&](PicturedFile& file) {
    std::error_code error;
    const std::string name = file.input.file.string();
    file.input.file = root / name;
    if (fs::is_regular_file(file.input.file, error)) return false;
    missing.push_back(name);
    return true;
  });
  NoteMissing(listing, kList, missing, expected);
  AddApart(std::move(files), options, TrainOrVal, "DFDC preview", listing);
  return listing;
}

}  // namespace

LayoutReader DfdcPreviewLayout() { return {Lacks, List}; }

}  // namespace unmask
