#include "unmask/study/study.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/file_lock.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/base/text.h"
#include "unmask/study/cell_result.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

fs::path FailureNote(const StudyFolder& folder, const Cell& cell) {
  return folder.cell(cell) / "failed.txt";
}

// What is wrong with the cell's result; empty where it is fine. The cell must have one.
std::string ResultProblem(const StudyFolder& folder, const Cell& cell) {
  try {
    ReadCellResult(folder.FindResult(cell), cell);
    return "";
  } catch (const Error& e) {
    return e.what();
  }
}

// Whether the cell is finished. A damaged result is put aside.
bool IsFinished(const StudyFolder& folder, const Cell& cell) {
  if (folder.FindResult(cell).empty()) return false;
  if (ResultProblem(folder, cell).empty()) return true;
  std::error_code ignored;
  const fs::path path = folder.NewResult(cell);
  fs::rename(path, path.string() + ".damaged", ignored);
  return false;
}

std::string FirstLineOf(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// What several threads do together.
class CellRun {
 public:
  CellRun(const StudyPlan& plan, const StudyData& data, const StudyFolder& folder,
          const StudyPrograms& programs, int threads, const CancelToken* cancel,
          const std::function<void(const StudyProgress&)>& progress,
          const std::function<void(const CellStatus&)>& failed, std::vector<CellStatus>& statuses)
      : plan_(plan),
        data_(data),
        folder_(folder),
        programs_(programs),
        threads_(threads),
        cancel_(cancel),
        progress_(progress),
        failed_(failed),
        statuses_(statuses) {
    state_.total = static_cast<int64_t>(statuses.size());
    for (const CellStatus& status : statuses) {
      state_.done += status.state == CellState::kFinished;
      state_.failed += status.state == CellState::kNoData;
    }
  }

  void Run(int jobs) {
    std::vector<std::thread> threads;
    for (int job = 0; job < jobs; ++job) threads.emplace_back(&CellRun::Work, this);
    for (std::thread& thread : threads) thread.join();
    if (error_) std::rethrow_exception(error_);
    if (cancel_ != nullptr) cancel_->Check();
  }

 private:
  void Work() {
    for (size_t i = next_++; i < statuses_.size() && !Stopped(); i = next_++) {
      try {
        Do(statuses_[i]);
      } catch (const Cancelled&) {
        return;
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
        return;
      }
    }
  }

  bool Stopped() {
    const std::lock_guard lock(mutex_);
    return error_ || (cancel_ != nullptr && cancel_->cancelled());
  }

  void Do(CellStatus& status) {
    if (status.state == CellState::kFinished || status.state == CellState::kNoData) return;
    std::error_code error;
    fs::create_directories(folder_.cell(status.cell), error);
    try {
      const auto lock = FileLock::TryToLock(folder_.cell(status.cell) / "lock");
      if (!lock) {
        status.state = CellState::kElsewhere;
        return;
      }
      if (!IsFinished(folder_, status.cell)) {
        fs::remove(FailureNote(folder_, status.cell), error);
        RunCell(plan_, status.cell, data_, folder_, programs_, threads_, cancel_,
                [&](const std::string& line) { Say(status.cell.name() + ": " + line); });
        const std::lock_guard guard(mutex_);
        ++state_.done;
      }
      status.state = CellState::kFinished;
    } catch (const Cancelled&) {
      throw;
    } catch (const std::exception& e) {  // whatever it is, the others go on
      status.state = CellState::kFailed;
      status.why = e.what();
      const std::string log = folder_.log(status.cell).string();
      if (status.why.find(log) == std::string::npos) status.why += ". Its log is " + log;
      std::ofstream(FailureNote(folder_, status.cell)) << e.what() << "\n";
      const std::lock_guard guard(mutex_);
      ++state_.failed;
      if (failed_) failed_(status);
    }
  }

  void Say(const std::string& note) {
    const std::lock_guard lock(mutex_);
    state_.note = note;
    if (progress_) progress_(state_);
  }

  const StudyPlan& plan_;
  const StudyData& data_;
  const StudyFolder& folder_;
  const StudyPrograms& programs_;
  const int threads_;
  const CancelToken* const cancel_;
  const std::function<void(const StudyProgress&)>& progress_;
  const std::function<void(const CellStatus&)>& failed_;
  std::vector<CellStatus>& statuses_;
  std::atomic<size_t> next_{0};
  std::mutex mutex_;
  std::exception_ptr error_;
  StudyProgress state_;
};

bool IsFinishedStore(const fs::path& store) {
  try {
    ReadCropStoreInfo(store);
    return true;
  } catch (const Error&) {
    return false;
  }
}

int ThreadsEach(int threads, int jobs) {
  const int all = threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency());
  return std::max(1, all / std::max(1, jobs));
}

// What the plan says of a command's options, as its command line: {"faces-per-track", 8}.
void Append(const NamedOptions& options, std::vector<std::string>& arguments) {
  for (const auto& [name, value] : options) {
    if (value.is_boolean()) {
      if (value.get<bool>()) arguments.push_back("--" + name);
      continue;
    }
    arguments.push_back("--" + name);
    arguments.push_back(value.is_string() ? value.get<std::string>() : value.dump());
  }
}

}  // namespace

void StudyOptions::Validate() const {
  if (jobs < 1 || jobs > 256) {
    throw UsageError("jobs " + std::to_string(jobs) + ": must lie in 1 … 256");
  }
  if (threads < 0)
    throw UsageError("threads " + std::to_string(threads) + ": must not be negative");
  if (shards < 1 || shard < 1 || shard > shards) {
    throw UsageError(
        "shard " + std::to_string(shard) + "/" + std::to_string(shards) + ": is no part of a whole",
        "Write it as 1/8 … 8/8");
  }
}

std::vector<Cell> ChooseCells(const std::vector<Cell>& cells, const StudyOptions& options) {
  std::vector<std::string> names;
  for (const Cell& cell : cells) names.push_back(cell.name());
  std::set<size_t> wanted;
  for (const std::string& text : options.cells) {
    const bool is_number = !text.empty() && text.size() < 9 &&
                           text.find_first_not_of("0123456789") == std::string::npos;
    size_t index = std::find(names.begin(), names.end(), text) - names.begin();
    if (is_number) index = std::stoul(text) - 1;  // 0 wraps around: none
    if (is_number && index >= cells.size()) {
      throw UsageError("cell " + text + ": there are the cells 1 … " + std::to_string(cells.size()),
                       "See them with --list");
    }
    if (index >= cells.size()) ThrowUnknownName("cell", text, names);
    wanted.insert(index);
  }
  std::vector<Cell> chosen;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!options.cells.empty() && !wanted.contains(i)) continue;
    if (i % static_cast<size_t>(options.shards) + 1 == static_cast<size_t>(options.shard)) {
      chosen.push_back(cells[i]);
    }
  }
  return chosen;
}

std::vector<CellStatus> StatusOf(const StudyPlan& plan, const std::vector<Cell>& cells,
                                 const StudyData* data, const StudyFolder& folder) {
  std::vector<CellStatus> statuses;
  for (const Cell& cell : cells) {
    CellStatus& status = statuses.emplace_back(CellStatus{.cell = cell, .why = ""});
    std::error_code error;
    if (!folder.FindResult(cell).empty()) {
      status.why = ResultProblem(folder, cell);
      status.state = status.why.empty() ? CellState::kFinished : CellState::kFailed;
    } else if (data != nullptr && !WhatIsMissing(plan, cell, *data).empty()) {
      status.state = CellState::kNoData;
      status.why = WhatIsMissing(plan, cell, *data);
    } else if (!cell.key.empty() && fs::exists(FailureNote(folder, cell), error)) {
      status.state = CellState::kFailed;
      status.why = FirstLineOf(FailureNote(folder, cell));
    } else if (!cell.key.empty() && fs::exists(folder.cell(cell) / "lock", error) &&
               !FileLock::TryToLock(folder.cell(cell) / "lock")) {
      status.state = CellState::kElsewhere;
    }
  }
  return statuses;
}

std::vector<CellStatus> RunCells(const StudyPlan& plan, const std::vector<Cell>& cells,
                                 const StudyData& data, const StudyFolder& folder,
                                 const StudyPrograms& programs, const StudyOptions& options,
                                 const CancelToken* cancel,
                                 const std::function<void(const StudyProgress&)>& progress,
                                 const std::function<void(const CellStatus&)>& failed) {
  options.Validate();
  std::vector<CellStatus> statuses = StatusOf(plan, cells, &data, folder);
  for (const CellStatus& status : statuses) {
    if (status.state == CellState::kNoData && failed) failed(status);
  }
  CellRun run(plan, data, folder, programs, ThreadsEach(options.threads, options.jobs), cancel,
              progress, failed, statuses);
  run.Run(options.jobs);
  return statuses;
}

std::vector<fs::path> PrepareStores(
    const StudyPlan& plan, const StudyFolder& folder, const StudyPrograms& programs, int threads,
    const CancelToken* cancel,
    const std::function<void(const std::string&, const std::string&)>& progress,
    const std::function<void(const std::string&, const Error&)>& failed) {
  std::vector<fs::path> stores;
  for (const std::string& quality : plan.qualities) {
    const fs::path store = folder.store(quality);
    const fs::path log = folder.path() / "stores" / (quality + ".log");
    try {
      const auto lock = FileLock::TryToLock(folder.path() / "stores" / (quality + ".lock"));
      if (!lock) {
        throw Error("another process prepares the faces of " + quality,
                    "Wait for it, then start again");
      }
      std::error_code error;
      if (!fs::exists(plan.data_root, error) && IsFinishedStore(store)) {
        stores.push_back(store);  // its videos are no longer needed
        continue;
      }
      const std::vector<std::string> classes = ScoredClasses(plan);
      std::vector<std::string> arguments = {programs.unmask.string(),
                                            "prepare",
                                            plan.data_root.string(),
                                            "--layout",
                                            plan.layout,
                                            "--quality",
                                            quality,
                                            "--classes",
                                            Join(classes, ","),
                                            "--out",
                                            store.string()};
      if (threads > 0) {
        arguments.insert(arguments.end(), {"--threads", std::to_string(threads)});
      }
      Append(plan.prepare, arguments);
      RunLogged(arguments, log, cancel, [&](const std::string& line) {
        if (progress) progress(quality, line);
      });
      stores.push_back(store);
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& e) {
      if (failed) failed(quality, e);
    }
  }
  return stores;
}

void CheckTrainingOptions(const StudyPlan& plan, const std::vector<Cell>& cells,
                          const StudyPrograms& programs) {
  std::set<std::string> seen;
  for (const Cell& cell : cells) {
    if (!seen.insert(cell.loss).second) continue;
    const TemporaryFolder temporary;
    const fs::path config = temporary.path() / "train.toml";
    const fs::path log = temporary.path() / "log.txt";
    WriteTextFile(config, TrainingConfig(plan, cell));
    std::string said;
    try {
      RunLogged({programs.train.string(), "--config", config.string(), "--print-config"}, log,
                nullptr, nullptr);
    } catch (const Error&) {
      std::ifstream file(log);
      std::stringstream text;
      text << file.rdbuf();
      said = text.str();
      if (said.empty()) throw;
    }
    if (!said.empty()) {
      throw UsageError(plan.file.string() + ": the training program does not take the loss " +
                       cell.loss + " with the options of the plan:\n" + said);
    }
  }
}

}  // namespace unmask
