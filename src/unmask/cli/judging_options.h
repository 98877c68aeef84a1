#pragma once

#include <filesystem>
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

// --precision, which is turned into a value by PrecisionFromName().
void AddPrecisionOption(CLI::App& app, std::string& precision);

// --model-info and --precision.
void AddModelOptions(CLI::App& app, std::filesystem::path& model_info, std::string& precision);

// "fp32", "bf16" or "auto".
Precision PrecisionFromName(const std::string& name);

// --aggregate, --vote-score and --threshold.
void AddVerdictOptions(CLI::App& app, JudgingArguments& arguments);

// --always-answer.
void AddAnswerOption(CLI::App& app, DetectorOptions& options);

// AddVerdictOptions(), --model-info and --precision.
void AddScoringOptions(CLI::App& app, JudgingArguments& arguments);

// --every-frame, --detect-fps, --thorough, --faces-per-track and --small-faces, in the group of
// options named.
void AddSearchOptions(CLI::App& app, DetectorOptions& options, const std::string& group);

}  // namespace unmask
