#include "unmask/robustness/results.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "unmask/base/atomic_file.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kSchema[] = "unmask/robustness-results";
constexpr std::pair<RobustnessOutcome, const char*> kOutcomes[] = {
    {RobustnessOutcome::kJudged, "judged"},
    {RobustnessOutcome::kNoFace, "no_face"},
    {RobustnessOutcome::kLeftOut, "left_out"}};

Json HeaderOf(const Json& settings) {
  return {{"schema", kSchema}, {"version", 1}, {"settings", settings}};
}

std::string LineOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json ToJson(const RobustnessRecord& record) {
  Json json = {{"file", record.file},
               {"forgery", record.forgery},
               {"condition", record.condition},
               {"level", record.level}};
  for (const auto& [outcome, name] : kOutcomes) {
    if (outcome == record.outcome) json["outcome"] = name;
  }
  if (!record.why.empty()) json["why"] = record.why;
  if (record.outcome == RobustnessOutcome::kJudged) {
    json["score"] = record.score;
    json["fake"] = record.fake;
  }
  if (record.face_size > 0) json["face_size"] = record.face_size;
  if (!record.turned_faces.empty()) json["turned_faces"] = record.turned_faces;
  if (!record.people.empty()) {
    json["people"] = Json::array();
    for (const auto& [label, score] : record.people) {
      json["people"].push_back(
          {{"label", label}, {"score", std::isnan(score) ? Json() : Json(score)}});
    }
  }
  return json;
}

RobustnessRecord FromJson(const Json& json) {
  RobustnessRecord record;
  json.at("file").get_to(record.file);
  json.at("forgery").get_to(record.forgery);
  json.at("condition").get_to(record.condition);
  json.at("level").get_to(record.level);
  const std::string outcome = json.at("outcome");
  for (const auto& [value, name] : kOutcomes) {
    if (outcome == name) record.outcome = value;
  }
  record.why = json.value("why", "");
  record.score = json.value("score", 0.0);
  record.fake = json.value("fake", false);
  record.face_size = json.value("face_size", 0.0);
  record.turned_faces = json.value("turned_faces", record.turned_faces);
  for (const Json& person : json.value("people", Json::array())) {
    record.people.emplace_back(person.at("label").get<int>(),
                               person.at("score").is_null()
                                   ? std::numeric_limits<double>::quiet_NaN()
                                   : person.at("score").get<double>());
  }
  return record;
}

// The first setting that differs, with both values.
std::string Difference(const Json& before, const Json& now) {
  for (const auto& [key, value] : now.items()) {
    if (!before.contains(key)) return key;
    if (before[key] == value) continue;
    if (value.is_object()) return Difference(before[key], value);
    return key + " was " + before[key].dump() + " and is " + value.dump();
  }
  return "an option that is not there any more";
}

}  // namespace

RobustnessResults::RobustnessResults(const fs::path& path, const Json& settings)
    : path_(path), lock_(FileLock::TryToLock(path.string() + ".lock")) {
  if (!lock_) throw Error(path.string() + ": another run is writing it", "Wait until it has ended");
  std::string text;
  if (fs::exists(path)) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream whole;
    whole << file.rdbuf();
    if (!file) throw Error(path.string() + ": cannot be read");
    text = whole.str();
  }
  const size_t end = text.find_last_of('\n');
  if (end == std::string::npos) {  // new, or its first line was cut short
    WriteTextFile(path, LineOf(HeaderOf(settings)));
    return;
  }
  std::istringstream lines(text.substr(0, end + 1));
  std::string line;
  try {
    std::getline(lines, line);
    const Json header = Json::parse(line);
    if (header.at("schema") != kSchema || header.at("version") != 1) throw Error("");
    if (const Json& before = header.at("settings"); before != settings) {
      throw UsageError(
          path.string() + ": was begun with other options: " + Difference(before, settings),
          "Give the options of before, or another folder to --out");
    }
    while (std::getline(lines, line)) {
      RobustnessRecord record = FromJson(Json::parse(line));
      records_[record.key()] = std::move(record);
    }
  } catch (const UsageError&) {
    throw;
  } catch (const std::exception&) {
    throw Error(path.string() + ": is no file of results of this version",
                "Give another folder to --out");
  }
  if (end + 1 != text.size()) WriteTextFile(path, text.substr(0, end + 1));
}

bool RobustnessResults::Has(const RobustnessRecord& record) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return records_.contains(record.key());
}

void RobustnessResults::Add(const RobustnessRecord& record) {
  const std::string line = LineOf(ToJson(record));
  const std::lock_guard<std::mutex> lock(mutex_);
  std::error_code error;
  const auto size = fs::file_size(path_, error);
  std::ofstream file(path_, std::ios::binary | std::ios::app);
  file.write(line.data(), static_cast<std::streamsize>(line.size()));
  file.close();
  if (error || !file) {
    if (!error) fs::resize_file(path_, size, error);  // of half a line
    throw UnwritableResults(path_.string() + ": cannot be written", "Is the disk full?");
  }
  records_[record.key()] = record;
}

std::vector<RobustnessRecord> RobustnessResults::Records() const {
  std::vector<RobustnessRecord> records;
  for (const auto& [key, record] : records_) records.push_back(record);
  return records;
}

}  // namespace unmask
