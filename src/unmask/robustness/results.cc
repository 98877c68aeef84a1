#include "unmask/robustness/results.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "unmask/base/error.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kSchema[] = "unmask/robustness-results";
constexpr int kFormat = 2;
constexpr std::pair<RobustnessOutcome, const char*> kOutcomes[] = {
    {RobustnessOutcome::kJudged, "judged"},
    {RobustnessOutcome::kNoFace, "no_face"},
    {RobustnessOutcome::kLeftOut, "left_out"}};

Json HeaderOf(const Json& settings) {
  return {{"schema", kSchema}, {"version", kFormat}, {"settings", settings}};
}

Json ToJson(const RobustnessRecord& record) {
  Json json = {{"file", record.file},
               {"forgery", record.forgery},
               {"condition", record.condition},
               {"level", record.level}};
  for (const auto& [outcome, name] : kOutcomes) {
    if (outcome == record.outcome) json["outcome"] = name;
  }
  if (!record.forgery_means.empty()) json["forgery_means"] = record.forgery_means;
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
  record.forgery_means = json.value("forgery_means", "");
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

}  // namespace

RobustnessResults::RobustnessResults(const fs::path& path, const Json& settings) : file_(path) {
  const std::string header = FormatJsonLine(HeaderOf(settings));
  bool begun = false;
  try {
    file_.ReadLines([&](const std::string& line) {
      const Json json = Json::parse(line);
      if (begun) {
        RobustnessRecord record = FromJson(json);
        records_[record.key()] = std::move(record);
        return;
      }
      begun = true;
      if (json.at("schema") != kSchema || json.at("version") != kFormat) throw Error("");
      if (const Json& before = json.at("settings"); before != settings) {
        const bool files = DifferingKey(before, settings) == "digest_of_files";
        throw UsageError(path.string() + ": was begun with other " +
                             (files ? "files, or theirs have changed"
                                    : "options: " + FirstDifference(before, settings)),
                         "Give those of before, or another folder to --out");
      }
    });
    if (!begun && !header.starts_with(file_.tail())) throw Error("");
  } catch (const UsageError&) {
    throw;
  } catch (const std::exception&) {
    throw Error(path.string() + ": is no file of results of this version",
                "Give another folder to --out");
  }
  if (!begun) header_ = header;
}

bool RobustnessResults::Has(const RobustnessRecord& record) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return records_.contains(record.key());
}

void RobustnessResults::Add(const RobustnessRecord& record) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!header_.empty()) file_.Append(header_);
  header_.clear();
  file_.Append(FormatJsonLine(ToJson(record)));
  records_[record.key()] = record;
}

std::vector<RobustnessRecord> RobustnessResults::Records() const {
  std::vector<RobustnessRecord> records;
  for (const auto& [key, record] : records_) records.push_back(record);
  return records;
}

}  // namespace unmask
