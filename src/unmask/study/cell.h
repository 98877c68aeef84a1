#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/study/plan.h"

namespace unmask {

// One training and its scores on the splits val and test.
struct Cell {
  int number = 0;  // from 1, in the order of the plan
  std::string quality;
  std::string loss;
  std::string class_name;  // the fakes that it is trained on; empty: all of the plan
  uint64_t seed = 1;

  // Of all that determines the result: the contents of the store, the options, and the program
  // where it changes what a training gives. 16 hexadecimal digits; empty while the contents are
  // not known.
  std::string key;
  Json recipe;  // what the key is made of

  std::string name() const;  // "c23-arcface-all-seed1"
  std::string file_stem() const { return name() + "-" + key; }
};

// The key that belongs to a recipe.
std::string KeyOfRecipe(const Json& recipe);

// The classes of fakes that the cell is trained on.
std::vector<std::string> FakeClassesOf(const StudyPlan& plan, const Cell& cell);

// The classes whose videos every cell scores: the real one, then those of the fakes.
std::vector<std::string> ScoredClasses(const StudyPlan& plan);

// Every cell of the plan: by quality, those trained on all classes, then those on one, each by loss
// and seed. `fingerprints`: of the stores, by quality, where they are known.
std::vector<Cell> CellsOf(const StudyPlan& plan,
                          const std::map<std::string, std::string>& fingerprints);

// The TOML text of `unmask train --config` for a cell.
std::string TrainingConfig(const StudyPlan& plan, const Cell& cell);

}  // namespace unmask
