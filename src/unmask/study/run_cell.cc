#include "unmask/study/run_cell.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "unmask/base/atomic_file.h"
#include "unmask/base/child_process.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/detect/classifier.h"
#include "unmask/detect/store_scores.h"
#include "unmask/study/cell_result.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Say = std::function<void(const std::string&)>;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void TrainCell(const StudyPlan& plan, const Cell& cell, const StudyData::Quality& data,
               const StudyFolder& folder, const StudyPrograms& programs, int threads,
               const CancelToken* cancel, const Say& progress) {
  const fs::path config = folder.cell(cell) / "train.toml";
  WriteTextFile(config, TrainingConfig(plan, cell));
  std::vector<std::string> arguments = {programs.train.string()};
  for (const auto& store : data.stores) arguments.push_back(store->path.string());
  const fs::path run = folder.cell(cell) / "run";
  arguments.insert(arguments.end(), {"--config", config.string(), "--out", run.string(), "--name",
                                     plan.name + " " + cell.name()});
  if (threads > 0) {
    const std::string count = std::to_string(threads);
    arguments.insert(arguments.end(), {"--threads", count, "--workers", count});
  }
  std::error_code error;
  if (fs::exists(run / "checkpoint.pt", error)) arguments.push_back("--resume");
  std::ofstream(folder.log(cell), std::ios::app) << "--- " << Join(arguments, " ") << "\n";
  RunLogged(arguments, folder.log(cell), cancel, progress);
}

std::vector<ScoredFile> Score(Classifier& classifier, const StudyPlan& plan, const Cell& cell,
                              const StudyData::Quality& data, const std::string& split, int threads,
                              const CancelToken* cancel, const Say& progress) {
  const StoreSelection selection{
      .split = split, .classes = ScoredClasses(plan), .quality = cell.quality};
  std::vector<ScoredFile> files;
  for (const auto& store : data.stores) {
    // A store may hold other classes or splits of this quality.
    const bool any =
        std::any_of(store->files.begin(), store->files.end(), [&](const SourceFile& file) {
          return file.label >= 0 && file.split == split && file.quality == cell.quality &&
                 std::count(selection.classes.begin(), selection.classes.end(), file.class_name);
        });
    if (!any) continue;
    for (ScoredFile& file : ScoreStore(classifier, *store, selection, threads, cancel,
                                       [&](int64_t done, int64_t total) {
                                         progress("score " + split + ": " + std::to_string(done) +
                                                  "/" + std::to_string(total) + " faces");
                                       })) {
      file.file = fs::path(file.file).filename().string();  // results travel; folders do not
      files.push_back(std::move(file));
    }
  }
  return files;
}

// Where the training computed, as its log says: "cpu" or the model of a card.
std::string TrainedOn(const fs::path& run) {
  std::ifstream file(run / "metrics.jsonl");
  std::string line, device = "cpu";
  while (std::getline(file, line)) {
    const Json values = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (values.is_object() && values.contains("device")) values.at("device").get_to(device);
  }
  return device;
}

// What only a training that goes on needs.
void RemoveLeftovers(const fs::path& run) {
  std::error_code ignored;
  for (const char* name : {"checkpoint.pt", "last.onnx", "best.onnx"}) {
    fs::remove(run / name, ignored);
  }
  std::vector<fs::path> events;
  for (const auto& entry : fs::directory_iterator(run, ignored)) {
    if (entry.path().filename().string().starts_with("events.")) events.push_back(entry.path());
  }
  for (const fs::path& file : events) fs::remove(file, ignored);
}

}  // namespace

std::string LastLine(const fs::path& log) {
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  if (!file) return "";
  constexpr std::streamoff kMost = 4000;
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kMost));
  std::string line, last;
  while (std::getline(file, line)) {
    if (line.find_first_not_of(" \t\r") != std::string::npos && !line.starts_with("fix: "))
      last = line;
  }
  return last.substr(0, 200);
}

void RunLogged(const std::vector<std::string>& arguments, const fs::path& log,
               const CancelToken* cancel, const Say& progress) {
  ChildProcess process(arguments, log);
  bool interrupted = false;
  Clock::time_point said = Clock::now();
  while (!process.WaitFor(100)) {
    if (cancel != nullptr && cancel->cancelled() && !interrupted) {
      process.Interrupt();
      interrupted = true;
    }
    if (progress && SecondsSince(said) > 1) {
      said = Clock::now();
      progress(LastLine(log));
    }
  }
  if (process.Succeeded()) return;
  if (interrupted) throw Cancelled();
  std::string last = LastLine(log);
  if (last.starts_with("error: ")) last.erase(0, 7);
  throw Error(fs::path(arguments[0]).filename().string() + " " + process.HowItEnded() +
                  (last.empty() ? "" : "; the last it said: " + last),
              "All it said is in " + log.string());
}

void RunCell(const StudyPlan& plan, const Cell& cell, const StudyData& data,
             const StudyFolder& folder, const StudyPrograms& programs, int threads,
             const CancelToken* cancel, const Say& progress) {
  const auto start = Clock::now();
  const StudyData::Quality& part = data.qualities.at(cell.quality);
  std::error_code error;
  const fs::path done = folder.cell(cell) / "trained";  // a kill while scoring costs no training
  if (!fs::exists(done, error) || !fs::exists(folder.model(cell), error)) {
    TrainCell(plan, cell, part, folder, programs, threads, cancel, progress);
    WriteTextFile(done, FormatFixed(SecondsSince(start), 3));
  }
  double training_seconds = 0;
  std::ifstream(done) >> training_seconds;
  const auto scoring = Clock::now();
  Classifier classifier(folder.model(cell), {.batch = 16, .threads = threads});
  CellResult result{.name = cell.name(),
                    .key = cell.key,
                    .recipe = cell.recipe,
                    .program_version = kVersion,
                    .model_sha256 = classifier.sha256(),
                    .temperature = classifier.metadata().temperature,
                    .store_fingerprint = part.fingerprint,
                    .machine = MachineName(),
                    .val = {},
                    .test = {}};
  result.val = Score(classifier, plan, cell, part, "val", threads, cancel, progress);
  result.test = Score(classifier, plan, cell, part, "test", threads, cancel, progress);
  if (const std::string device = TrainedOn(folder.cell(cell) / "run"); device != "cpu") {
    result.machine += ", " + device;
  }
  result.seconds = training_seconds + SecondsSince(scoring);
  WriteCellResult(folder.NewResult(cell), result);
  RemoveLeftovers(folder.cell(cell) / "run");
}

std::string MachineName() {
  std::ifstream file("/proc/cpuinfo");
  std::string line, name = "unknown processor";
  while (std::getline(file, line)) {
    if (!line.starts_with("model name")) continue;
    name = line.substr(std::min(line.size(), line.find(':') + 2));
    break;
  }
  return name + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores";
}

}  // namespace unmask
