#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "unmask/study/run_cell.h"

namespace unmask {

struct StudyOptions {
  int jobs = 1;     // cells at a time
  int threads = 0;  // of all jobs together; 0: one per core
  int shard = 1;    // 1 … shards: every shards-th cell
  int shards = 1;
  std::vector<std::string> cells;  // numbers or names, of those alone; empty: all

  void Validate() const;  // throws UsageError
};

enum class CellState {
  kFinished,
  kUnfinished,  // begun or not
  kElsewhere,   // another process is at it
  kFailed,
  kNoData,
};

struct CellStatus {
  Cell cell;
  CellState state = CellState::kUnfinished;
  std::string why;  // it failed, or has no data; one line
};

// The cells that the options choose. Throws UsageError for an unknown number or name.
std::vector<Cell> ChooseCells(const std::vector<Cell>& cells, const StudyOptions& options);

// How far the cells are. `data` may be null where nothing is prepared.
std::vector<CellStatus> StatusOf(const StudyPlan& plan, const std::vector<Cell>& cells,
                                 const StudyData* data, const StudyFolder& folder);

struct StudyProgress {
  int64_t done = 0;  // cells of those chosen, also such as were finished before
  int64_t total = 0;
  int64_t failed = 0;
  std::string note;  // "c23-arcface-all-seed1: train: 240/600 steps …"
};

// Does the cells that are not finished. One that fails is noted and the others go on. Throws
// Cancelled when `cancel` is set; what was done stays. `failed` is called at once for each that
// fails. Both callbacks come from one thread at a time.
std::vector<CellStatus> RunCells(const StudyPlan& plan, const std::vector<Cell>& cells,
                                 const StudyData& data, const StudyFolder& folder,
                                 const StudyPrograms& programs, const StudyOptions& options,
                                 const CancelToken* cancel,
                                 const std::function<void(const StudyProgress&)>& progress,
                                 const std::function<void(const CellStatus&)>& failed);

// Prepares the faces of the plan's qualities from the data's folder where that is not done.
// Returns the stores. A quality that cannot be prepared is said with `failed`, and the others go
// on.
std::vector<std::filesystem::path> PrepareStores(
    const StudyPlan& plan, const StudyFolder& folder, const StudyPrograms& programs, int threads,
    const CancelToken* cancel,
    const std::function<void(const std::string& quality, const std::string& line)>& progress,
    const std::function<void(const std::string& quality, const Error&)>& failed);

// Lets the training program read the options of every loss of the cells, before time is spent.
// Throws UsageError with what it says.
void CheckTrainingOptions(const StudyPlan& plan, const std::vector<Cell>& cells,
                          const StudyPrograms& programs);

}  // namespace unmask
