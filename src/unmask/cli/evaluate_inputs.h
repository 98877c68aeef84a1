#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "unmask/cli/judging_options.h"
#include "unmask/score/dataset_evaluation.h"

namespace unmask {

// What the command line of `evaluate` says.
struct EvaluateArguments {
  std::vector<std::filesystem::path> stores;
  std::filesystem::path manifest;
  std::string split;                   // empty: test of stores, all of a manifest
  std::vector<std::string> classes;    // empty: all
  std::string quality;                 // empty: all
  std::vector<std::string> forgeries;  // that make fakes of the stores' real faces
  int face_size = 0;                   // pixels that all faces are scaled down to; 0: as they are
  int crf = -1;                        // of x264, through which all faces go; negative: none
  std::filesystem::path calibrated;    // where a recalibrated model is written; empty: nowhere
  std::filesystem::path csv;
  std::filesystem::path plots;
  std::string plot_format = "png";
  bool json = false;
  EvaluationOptions evaluation;
  JudgingArguments judging;
};

// Labelled files with the scores of their faces, and what made them.
struct ScoredInputs {
  std::vector<ScoredFile> files;
  DetectionSettings settings;
  double real_below = 1;  // see DatasetOptions
  double temperature = 1;
  std::vector<std::string> fingerprints;  // of the stores, see CropStoreInfo
  int64_t unlabelled = 0;                 // files of a store that were left out for want of a label
};

// Classifies the faces of the stores. With `calibrated`, fits the temperature on their split val
// first, writes the model with it, and scores with that.
ScoredInputs ScoreStores(const EvaluateArguments& arguments);

// Judges the files of the manifest as `detect` does. Unreadable ones are reported at once.
ScoredInputs ScoreManifest(const EvaluateArguments& arguments);

// The files that are read, none of which may be an output.
std::vector<std::filesystem::path> InputsOf(const EvaluateArguments& arguments);

}  // namespace unmask
