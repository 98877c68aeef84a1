#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/score/dataset_evaluation.h"
#include "unmask/study/cell.h"

namespace unmask {

// What a finished cell leaves, small enough to be kept in a repository: the raw margins of every
// face of the splits val and test, from which every figure of the report is computed.
struct CellResult {
  std::string name;  // of the cell
  std::string key;
  Json recipe;

  std::string program_version;
  std::string model_sha256;
  double temperature = 1;         // fitted on val in training
  std::string store_fingerprint;  // of the crops that it was really made on
  std::string machine;            // processor, number of cores, and the card it was trained on
  // Of training and scoring, without the time before a restart; 0: they were not timed.
  double seconds = 0;

  // Scores are at `temperature`. In the order of the store, so that those of two cells of one
  // quality agree.
  std::vector<ScoredFile> val;
  std::vector<ScoredFile> test;
};

// Margins are kept to four decimals. Throws Error when the file cannot be written.
void WriteCellResult(const std::filesystem::path& path, const CellResult& result);

// Throws Error naming the file when it is missing, damaged or of another cell than `cell`.
CellResult ReadCellResult(const std::filesystem::path& path, const Cell& cell);

}  // namespace unmask
