#include "unmask/study/study_folder.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "unmask/base/atomic_file.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kSchema[] = "unmask/study";

void MakeFolder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw Error(path.string() + ": the folder cannot be made: " + error.message());
}

}  // namespace

StudyFolder::StudyFolder(const fs::path& path, const StudyPlan& plan)
    : path_(fs::absolute(path).lexically_normal()),
      plan_(plan.name),
      finished_(plan.finished.empty() ? fs::path() : fs::absolute(plan.finished)) {
  std::error_code error;
  if (fs::exists(path_, error) && !fs::is_directory(path_, error)) {
    throw Error(path_.string() + ": is no folder", "Give --out the name of a folder");
  }
  const fs::path mark = path_ / "study.json";
  if (fs::exists(mark, error)) {
    const Json json = ReadJson(mark);
    const bool known = json.is_object() && json.contains("plan") && json["plan"].is_string();
    const std::string owner = known ? json["plan"].get<std::string>() : "";
    if (owner != plan.name) {
      throw Error(
          path_.string() + ": belongs to the plan '" + owner + "', not to '" + plan.name + "'",
          "Give every plan a folder of its own with --out");
    }
  } else if (fs::exists(path_, error) && !fs::is_empty(path_, error)) {
    throw Error(path_.string() + ": holds other things than a study",
                "Give --out a new or empty folder");
  }
}

void StudyFolder::Make() const {
  for (const char* name : {"stores", "cells", "results", "figures", "tables"})
    MakeFolder(path_ / name);
  std::error_code error;
  if (fs::exists(path_ / "study.json", error)) return;
  WriteJson(path_ / "study.json",
            {{"schema", kSchema}, {"version", 1}, {"plan", plan_}, {"program_version", kVersion}});
}

fs::path StudyFolder::store(const std::string& quality) const {
  return path_ / "stores" / (quality + ".store");
}

fs::path StudyFolder::cell(const Cell& cell) const { return path_ / "cells" / cell.file_stem(); }

fs::path StudyFolder::log(const Cell& cell) const { return this->cell(cell) / "log.txt"; }

fs::path StudyFolder::model(const Cell& cell) const {
  return this->cell(cell) / "run" / "model.onnx";
}

fs::path StudyFolder::NewResult(const Cell& cell) const {
  return path_ / "results" / (cell.file_stem() + ".json");
}

fs::path StudyFolder::FindResult(const Cell& cell) const {
  if (cell.key.empty()) return {};
  std::error_code error;
  if (fs::exists(NewResult(cell), error)) return NewResult(cell);
  if (finished_.empty()) return {};
  const fs::path elsewhere = finished_ / (cell.file_stem() + ".json");
  return fs::exists(elsewhere, error) ? elsewhere : fs::path();
}

fs::path StudyFolder::NewFigure(const std::string& name) const { return path_ / "figures" / name; }

fs::path StudyFolder::FindFigure(const std::string& name) const {
  std::error_code error;
  if (fs::exists(NewFigure(name), error)) return NewFigure(name);
  const fs::path elsewhere = finished_.parent_path() / "figures" / name;
  if (finished_.empty() || !fs::exists(elsewhere, error)) return {};
  AtomicFile copy(NewFigure(name));
  fs::copy_file(elsewhere, copy.temporary_path(), fs::copy_options::overwrite_existing, error);
  if (error) throw Error(elsewhere.string() + ": cannot be copied: " + error.message());
  copy.Commit();
  return NewFigure(name);
}

}  // namespace unmask
