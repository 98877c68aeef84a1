#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "unmask/robustness/condition.h"
#include "unmask/robustness/measure.h"
#include "unmask/score/bootstrap.h"
#include "unmask/score/group_rates.h"

namespace unmask {

// What a level did. Items are files; for "several" people in scenes, for "profile" the faces of one
// file in one range of turns together.
struct LevelSummary {
  double level = 0;
  int64_t files = 0;           // that were to be judged
  int64_t no_face = 0;         // of these: no face was found, so there is no score
  int64_t left_out = 0;        // of these: the level says nothing about them
  Rate false_alarms;           // real ones called fake
  Rate found;                  // fake ones called fake
  std::optional<Measure> auc;  // where there are both; the interval by bootstrap over people
  Rate scenes_called_fake;     // of "several" only: the file's verdict on scenes, one a scene
  std::map<std::string, int64_t> why_left_out;  // by the reason: how many of those left out
};

struct ConditionSummary {
  const Condition* condition = nullptr;
  std::vector<LevelSummary> levels;
};

// How false alarms of undisturbed real files are divided among the groups that a column names.
struct GroupSummary {
  std::string column;
  int64_t without = 0;  // judged real files of which the column says nothing; not compared
  GroupComparison comparison;
  double adjusted_p = 1;  // by Holm over the columns
};

struct RobustnessSummary {
  LevelSummary undisturbed;
  std::vector<ConditionSummary> conditions;
  std::vector<GroupSummary> groups;
};

struct SummaryOptions {
  std::vector<std::string> conditions;  // names; empty: all
  std::vector<std::string> columns;     // attributes of files by which false alarms are divided
  double threshold = 0.5;               // of faces and tracks: score ≥ it is fake
  BootstrapOptions bootstrap;
  int permutations = 9999;
};

// Throws UsageError for a column that no file has or that differs within a person, Error for
// records of files that are not listed.
RobustnessSummary Summarize(const std::vector<RobustnessFile>& files,
                            const std::vector<RobustnessRecord>& records,
                            const SummaryOptions& options);

}  // namespace unmask
