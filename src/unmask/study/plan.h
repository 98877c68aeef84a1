#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "unmask/base/json.h"

namespace unmask {

// Options of another command as name and value, in the order of the plan: {"steps", 600}.
using NamedOptions = std::vector<std::pair<std::string, Json>>;

// What a study does: the contents of a plan file, which docs/study.md explains key by key.
struct StudyPlan {
  std::filesystem::path file;
  std::string name;   // "mini": [A-Za-z0-9_-]
  std::string title;  // of the report

  // [data]: a folder that `prepare` reads, or stores that it has made.
  std::string data_name;  // "FaceForensics++" is what the paper's numbers were measured on
  std::string data_note;  // what a reader must know of it
  std::filesystem::path data_root;
  std::string layout = "ffpp";
  std::vector<std::filesystem::path> stores;
  // By quality, the contents that results are kept for: those of the store, or, where they are
  // named here, these, so that results made on another machine count although its crops differ in
  // a rounding.
  std::map<std::string, std::string> fingerprints;
  NamedOptions prepare;  // [prepare]

  // [matrix]
  std::vector<std::string> losses;
  std::vector<std::string> qualities;
  std::string real_class = "real";                 // as the stores name it
  std::vector<std::string> classes;                // of fakes
  std::vector<std::string> cross_class_qualities;  // trained on one class at a time; may be empty
  std::vector<uint64_t> seeds = {1};

  // [train], [degradations.NAME], [loss-options.NAME]: those of `unmask train --config`.
  NamedOptions train;
  std::string initial_weights_sha256;  // of the file that train.init names; empty where it is none
  std::map<std::string, NamedOptions> degradations;
  std::map<std::string, NamedOptions> loss_options;

  // [statistics]
  double level = 0.95;  // of intervals; comparisons are called real below 1 − level
  int resamples = 2000;
  double threshold = 0.5;  // score ≥ it: fake

  // [fusion]
  std::vector<std::pair<std::string, std::string>> fusion_pairs;  // to be reported by name
  bool all_pairs = true;
  bool greedy = true;

  // [figures]; an empty list leaves a figure out.
  std::vector<std::string> embedding_losses = {};  // t-SNE of each and of all together
  std::vector<std::string> explained_classes;      // a fake of each is explained
  std::vector<std::string> explained_files;        // which, such as "000_003"; empty: the first
  std::string figure_quality;                      // of both; empty: the first

  // Finished results that were made elsewhere (the folder `results` of a study); empty: none.
  std::filesystem::path finished;
};

// Reads a plan. Paths in it are relative to the plan's folder. Throws UsageError naming file, line
// and key for what is unknown, missing or out of range.
StudyPlan ReadStudyPlan(const std::filesystem::path& file);

// The plan of this name: itself where such a file is there, else that which comes with the program
// ("mini", "mini.toml"). Throws UsageError listing those.
std::filesystem::path FindStudyPlan(const std::string& name);

}  // namespace unmask
