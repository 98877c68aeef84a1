#pragma once

#include <string>

#include "unmask/detect/detector.h"

namespace CLI {
class App;
}

namespace unmask {

// Options of the commands that judge files: how scores come about and what is searched.
struct JudgingArguments {
  std::string aggregation = "AT";
  std::string vote_score = "mean";
  std::string precision = "fp32";
  DetectorOptions options;

  // With the names above turned into values. Throws UsageError.
  DetectorOptions Resolve() const;
};

// --aggregate, --vote-score, --threshold, --model-info and --precision.
void AddScoringOptions(CLI::App& app, JudgingArguments& arguments);

// --every-frame, --detect-fps, --faces-per-track and --small-faces, in the group of options named.
void AddSearchOptions(CLI::App& app, DetectorOptions& options, const std::string& group);

}  // namespace unmask
