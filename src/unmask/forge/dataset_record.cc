#include "unmask/forge/dataset_record.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "unmask/base/atomic_file.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/json.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr const char* kRecord = "dataset.json";

std::string AbsoluteName(const fs::path& path) {
  return fs::absolute(path).lexically_normal().string();
}

// Size and time of the last change: another clip under the same name is noticed.
Json StateOf(const fs::path& file) {
  std::error_code error;
  const auto bytes = fs::file_size(file, error);
  if (error) return nullptr;
  const auto changed = fs::last_write_time(file, error).time_since_epoch();
  return {bytes, std::chrono::duration_cast<std::chrono::milliseconds>(changed).count()};
}

// What must be the same when the work is gone on with.
Json OptionsToJson(const std::vector<DatasetSource>& sources, const ForgeDatasetOptions& options) {
  Json json{{"families", options.families},   {"qualities", options.qualities},
            {"seconds", options.cut.seconds}, {"max_height", options.cut.max_height},
            {"seed", options.seed},           {"sources", Json::array()}};
  for (const DatasetSource& source : sources) {
    json["sources"].push_back({{"file", AbsoluteName(source.file)},
                               {"identity", source.identity},
                               {"split", source.split},
                               {"state", StateOf(source.file)}});
  }
  return json;
}

// The same from whatever folder the work is gone on with.
DatasetPlan WithAbsoluteNames(DatasetPlan plan) {
  for (PlannedClip& clip : plan.clips) clip.file = AbsoluteName(clip.file);
  return plan;
}

DatasetPlan PlanFromJson(const Json& json) {
  DatasetPlan plan;
  for (const Json& clip : json.at("clips")) {
    plan.clips.push_back({clip.at("id"), fs::path(clip.at("file").get<std::string>()),
                          clip.at("identity"), clip.at("split"), clip.at("partner")});
  }
  for (const Json& clip : json.at("left_out")) {
    plan.left_out.push_back({fs::path(clip.at("file").get<std::string>()), clip.at("why")});
  }
  for (const PlannedClip& clip : plan.clips) plan.Clip(clip.partner);  // all are there
  return plan;
}

std::string ThisProgram() { return std::string("unmask ") + kVersion; }

// A value must be one field of a line.
std::string Field(std::string text) {
  for (char& c : text) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

DatasetRecord ReadDatasetRecord(const fs::path& folder, const std::vector<DatasetSource>& sources,
                                const ForgeDatasetOptions& options) {
  std::error_code error;
  const fs::path path = folder / kRecord;
  if (!fs::exists(path, error)) {
    if (fs::exists(folder, error) &&
        (!fs::is_directory(folder, error) || !fs::is_empty(folder, error) || error)) {
      throw Error(folder.string() + ": is there and holds no data set of `unmask forge dataset`",
                  "Name a new or empty folder");
    }
    return {};
  }
  const Json json = ReadJson(path);
  try {
    if (json.at("format") != kFormat) {
      throw Error(path.string() + ": was written by another version of unmask",
                  "Name a new folder, or use that version");
    }
    if (json.at("plan").is_null()) return {};  // nothing was made yet
    if (json.at("program") != ThisProgram()) {
      throw Error(folder.string() + ": was begun with " + json.at("program").get<std::string>() +
                      ", and this is " + ThisProgram() + ", which may forge otherwise",
                  "Go on with that version, or name a new folder");
    }
    const Json now = OptionsToJson(sources, options);
    const Json& then = json.at("options");
    for (const auto& [name, value] : now.items()) {
      if (then.at(name) == value) continue;
      const std::string change =
          name == "sources"
              ? "other clips (or they were changed meanwhile), identities or splits"
              : "another " + name + ": " + then.at(name).dump() + ", not " + value.dump();
      throw Error(folder.string() + ": was begun with " + change,
                  "Give what it was begun with, or name a new folder");
    }
    return {PlanFromJson(json.at("plan"))};
  } catch (const nlohmann::json::exception& e) {
    throw Error(path.string() + ": is damaged: " + e.what(), "Name a new folder");
  }
}

void WriteDatasetRecord(const fs::path& folder, const std::vector<DatasetSource>& sources,
                        const ForgeDatasetOptions& options, const DatasetRecord& record) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error("cannot make the folder " + folder.string() + ": " + error.message(),
                "Choose a folder that you may write to");
  }
  // First, so that a folder with anything in it can be gone on with.
  WriteJson(folder / kRecord,
            {{"format", kFormat},
             {"program", ThisProgram()},
             {"options", OptionsToJson(sources, options)},
             {"plan", record.plan ? ToJson(WithAbsoluteNames(*record.plan)) : Json()}});
  if (!record.plan) return;
  fs::create_directories(folder / "splits", error);
  for (const char* split : kDatasetSplits) {
    Json pairs = Json::array();
    for (const auto& [first, second] : record.plan->PairsOf(split)) {
      pairs.push_back({first, second});
    }
    WriteJson(folder / "splits" / (std::string(split) + ".json"), pairs);
  }
  std::string table = "id\tfile\tidentity\tsplit\tpartner\n";
  for (const PlannedClip& clip : record.plan->clips) {
    table += clip.id + "\t" + Field(AbsoluteName(clip.file)) + "\t" + Field(clip.identity) + "\t" +
             clip.split + "\t" + clip.partner + "\n";
  }
  WriteTextFile(folder / "clips.tsv", table);
}

}  // namespace unmask
