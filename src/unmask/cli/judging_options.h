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

// --model, --aggregate, --threshold, … and --every-frame, --detect-fps, --threads, …
void AddJudgingOptions(CLI::App& app, JudgingArguments& arguments);

}  // namespace unmask
