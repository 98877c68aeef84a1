#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/cli/judging_options.h"
#include "unmask/score/fusion_comparison.h"

namespace unmask {

// What the command line of `fuse` says.
struct FuseArguments {
  std::vector<std::filesystem::path> inputs;  // models and stores, as they were given
  std::vector<std::filesystem::path> models;  // told apart by TellApart()
  std::vector<std::filesystem::path> stores;
  std::vector<std::string> model_info;  // "2=foreign.json": of the second model
  std::string split = "test";
  std::vector<std::string> classes;  // empty: all
  std::string quality;               // empty: all
  std::string rule = "probability";
  bool no_greedy = false;
  std::filesystem::path csv;
  bool json = false;
  EvaluationOptions evaluation;
  JudgingArguments judging;
};

// A model that is fused.
struct FusedModel {
  std::filesystem::path path;
  std::string name;
  std::string sha256;
  double temperature = 1;
  double threshold = 0.5;
};

// The scores of every model, and what made them.
struct FuseInputs {
  std::vector<FusedModel> models;
  std::vector<ModelScores> scores;        // of the split that is reported
  std::vector<ModelScores> validation;    // of the split val; empty where it is not to be used
  std::vector<std::string> fingerprints;  // of the stores
  int64_t unlabelled = 0;
  int64_t without_score = 0;  // files of the split that is reported
  Precision precision = Precision::kFloat;
};

// The sidecars of --model-info, one a model, empty for most. Throws UsageError for what is not
// N=FILE and for an N that is no model.
std::vector<std::filesystem::path> SidecarsOf(const FuseArguments& arguments);

// Runs every model on the faces of the stores. What can be known to fail is found before: models
// that are the same, cannot be loaded or want more of the face than the stores show; stores without
// real or without fake files. Says in a note why there is no greedy selection.
FuseInputs ScoreForFusion(const FuseArguments& arguments);

}  // namespace unmask
