#include "unmask/train/metrics_log.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/train/event_records.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kEventsBegin[] = "events.out.tfevents.";  // TensorBoard knows its files by it
constexpr char kEventsEnd[] = ".unmask";

// To a millisecond, which JSON and double hold alike.
double Now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) /
         1000;
}

std::string EventsName(int64_t number) {
  return kEventsBegin + std::to_string(number) + kEventsEnd;
}

// The number in the name of an event file of ours.
std::optional<int64_t> EventsNumber(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(kEventsBegin)) return std::nullopt;
  const int64_t number = std::strtoll(name.c_str() + std::strlen(kEventsBegin), nullptr, 10);
  return EventsName(number) == name ? std::optional(number) : std::nullopt;
}

// The record of a line. Numbers of the line itself belong to training.
std::string RecordOf(const Json& line) {
  std::vector<std::pair<std::string, double>> scalars;
  for (const auto& [key, value] : line.items()) {
    if (value.is_number() && key != "step" && key != "time") {
      scalars.emplace_back("train/" + key, value.get<double>());
    } else if (value.is_object()) {
      for (const auto& [name, inner] : value.items()) {
        if (inner.is_number()) scalars.emplace_back(key + "/" + name, inner.get<double>());
      }
    }
  }
  return ScalarsRecord(line.at("step").get<int64_t>(), line.value("time", 0.0), scalars);
}

std::string TableOf(const Json& recipe) {
  std::string table = "| option | value |\n|---|---|\n";
  for (const auto& [key, value] : recipe.items()) {
    table +=
        "| " + key + " | " + value.dump(-1, ' ', false, Json::error_handler_t::replace) + " |\n";
  }
  return table;
}

void Append(const fs::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << bytes << std::flush;
  if (!file) throw Error("cannot write " + path.string(), "Check that the disk is not full");
}

// The whole lines of metrics.jsonl up to `step`, of validations up to `validated`.
std::vector<Json> ReadLines(const fs::path& path, int64_t step, int64_t validated) {
  std::vector<Json> lines;
  if (std::ifstream file(path); step > 0 && file) {
    for (std::string text; std::getline(file, text);) {
      Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
      if (!line.is_object() || !line.contains("step") || !line["step"].is_number_integer() ||
          !line.value("time", Json(0)).is_number()) {
        continue;
      }
      const int64_t last = line.contains("validation") ? validated : step;
      if (line["step"].get<int64_t>() <= last) lines.push_back(std::move(line));
    }
  }
  return lines;
}

}  // namespace

MetricsLog::MetricsLog(const fs::path& folder, int64_t step, int64_t validated, const Json& recipe)
    : lines_(folder / "metrics.jsonl") {
  const double now = Now();
  const std::vector<Json> kept = ReadLines(lines_, step, validated);
  const double start = kept.empty() ? now : kept.front().value("time", now);
  std::string text, events = StartRecords(start) + TextRecord(start, "recipe", TableOf(recipe));
  for (const Json& line : kept) {
    text += line.dump() + "\n";
    events += RecordOf(line);
  }
  WriteTextFile(lines_, text);

  // TensorBoard reads the files of a folder in the order of their names and looks for growth in the
  // last one alone.
  std::vector<fs::path> old;
  auto number = static_cast<int64_t>(now);
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::optional<int64_t> other = EventsNumber(entry.path());
    if (!other) continue;
    old.push_back(entry.path());
    number = std::max(number, *other + 1);
  }
  events_ = folder / EventsName(number);
  WriteTextFile(events_, events);
  std::error_code ignored;
  for (const fs::path& path : old) fs::remove(path, ignored);
}

void MetricsLog::Add(int64_t step, const Json& values) {
  Json line = {{"step", step}, {"time", Now()}};
  line.update(values);
  Append(lines_, line.dump() + "\n");
  Append(events_, RecordOf(line));
}

}  // namespace unmask
