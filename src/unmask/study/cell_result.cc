#include "unmask/study/cell_result.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

constexpr char kSchema[] = "unmask/study-result";
constexpr int kVersion = 1;

double ParseMargin(const std::string& text) {
  size_t read = 0;
  double margin = NAN;
  try {
    margin = std::stod(text, &read);
  } catch (const std::logic_error&) {
    read = 0;
  }
  if (read != text.size() || !std::isfinite(margin)) {
    throw Error("'" + text + "' is no margin of a face");
  }
  return margin;
}

Json ToJson(const std::vector<ScoredFile>& files) {
  Json list = Json::array();
  for (const ScoredFile& file : files) {
    Json tracks = Json::array();
    for (const std::vector<FaceScore>& faces : file.tracks) {
      std::string margins;  // one text a track: a number a line would make large files
      for (const FaceScore& face : faces) {
        if (!std::isfinite(face.margin)) {
          throw Error(file.file + ": the model's score of a face is not finite",
                      "The training has gone astray; see its curves and lower the learning rate");
        }
        margins += (margins.empty() ? "" : " ") + FormatFixed(face.margin, 4);
      }
      tracks.push_back(std::move(margins));
    }
    Json entry = {{"file", file.file},
                  {"class", file.class_name},
                  {"label", file.label},
                  {"identity", file.identity},
                  {"margins", std::move(tracks)}};
    if (!file.failure.empty()) entry["failure"] = file.failure;
    list.push_back(std::move(entry));
  }
  return list;
}

std::vector<ScoredFile> FilesFrom(const Json& json, const std::string& split,
                                  const std::string& quality, double temperature) {
  std::vector<ScoredFile> files;
  for (const Json& entry : json) {
    ScoredFile& file = files.emplace_back();
    entry.at("file").get_to(file.file);
    entry.at("class").get_to(file.class_name);
    entry.at("label").get_to(file.label);
    entry.at("identity").get_to(file.identity);
    if (file.label != 0 && file.label != 1) {
      throw Error(file.file + " has the label " + std::to_string(file.label));
    }
    file.split = split;
    file.quality = quality;
    file.failure = entry.value("failure", "");
    for (const Json& margins : entry.at("margins")) {
      std::vector<FaceScore>& faces = file.tracks.emplace_back();
      for (const std::string& text : Split(margins.get<std::string>(), ' ')) {
        const double margin = ParseMargin(text);
        faces.push_back({1 / (1 + std::exp(-margin / temperature)), margin});
      }
    }
  }
  return files;
}

// Every measure needs real and fake files.
void RequireBothLabels(const std::vector<ScoredFile>& files, const std::string& split) {
  for (const int label : {0, 1}) {
    const bool any = std::any_of(files.begin(), files.end(), [&](const ScoredFile& file) {
      return file.label == label && file.has_score();
    });
    if (!any)
      throw Error(std::string("no ") + (label ? "fake" : "real") + " file of " + split +
                  " has a face");
  }
}

}  // namespace

void WriteCellResult(const std::filesystem::path& path, const CellResult& result) {
  WriteJson(path, {{"schema", kSchema},
                   {"version", kVersion},
                   {"name", result.name},
                   {"key", result.key},
                   {"recipe", result.recipe},
                   {"program_version", result.program_version},
                   {"model_sha256", result.model_sha256},
                   {"temperature", result.temperature},
                   {"store_fingerprint", result.store_fingerprint},
                   {"machine", result.machine},
                   {"seconds", result.seconds},
                   {"val", ToJson(result.val)},
                   {"test", ToJson(result.test)}});
}

CellResult ReadCellResult(const std::filesystem::path& path, const Cell& cell) {
  const std::string remedy = "Delete it; the cell is then done again";
  const Json json = ReadJson(path);
  CellResult result;
  try {
    if (json.at("schema") != kSchema || json.at("version") != kVersion) {
      throw Error("it is no result of a study that this version reads");
    }
    json.at("name").get_to(result.name);
    json.at("key").get_to(result.key);
    result.recipe = json.at("recipe");
    json.at("program_version").get_to(result.program_version);
    json.at("model_sha256").get_to(result.model_sha256);
    json.at("temperature").get_to(result.temperature);
    json.at("store_fingerprint").get_to(result.store_fingerprint);
    json.at("machine").get_to(result.machine);
    json.at("seconds").get_to(result.seconds);
    if (!(result.temperature > 0)) throw Error("its temperature is not positive");
    result.val = FilesFrom(json.at("val"), "val", cell.quality, result.temperature);
    result.test = FilesFrom(json.at("test"), "test", cell.quality, result.temperature);
    RequireBothLabels(result.val, "val");
    RequireBothLabels(result.test, "test");
    if (KeyOfRecipe(result.recipe) != result.key) throw Error("its key is not that of its recipe");
  } catch (const nlohmann::json::exception& e) {
    throw Error(path.string() + ": is damaged (" + e.what() + ")", remedy);
  } catch (const Error& e) {
    throw Error(path.string() + ": is damaged (" + e.problem() + ")", remedy);
  }
  if (result.name != cell.name() || result.key != cell.key) {
    throw Error(path.string() + ": holds the result of " + result.name + " (" + result.key + ")",
                "Delete it; the cell is then done again");
  }
  return result;
}

}  // namespace unmask
