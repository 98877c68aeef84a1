#pragma once

#include <map>
#include <string>
#include <vector>

#include "unmask/score/fusion.h"
#include "unmask/study/cell_result.h"
#include "unmask/study/study_folder.h"

namespace unmask {

// A model of the study on one split: its cell's name is that of the loss.
using SeedScores = std::vector<ModelScores>;  // one a seed

// The results of all cells that are finished, as far as they can be compared: within a quality all
// have the same faces of the same files, in the same order, and losses trained on the same classes
// have the same seeds.
class FinishedCells {
 public:
  // Reads them. `damaged` takes what is wrong with those that cannot be read or compared.
  FinishedCells(const StudyPlan& plan, const std::vector<Cell>& cells, const StudyFolder& folder,
                std::vector<std::string>& damaged);

  const std::vector<CellResult>& results() const { return results_; }

  // The losses, in the plan's order, of which a model trained on `train_class` ("": all) of this
  // quality is finished.
  std::vector<std::string> LossesOf(const std::string& quality,
                                    const std::string& train_class) const;

  // Every seed's scores on a split ("val", "test"); empty where none is finished.
  const SeedScores& Of(const std::string& split, const std::string& quality,
                       const std::string& train_class, const std::string& loss) const;

 private:
  void Add(const StudyPlan& plan, const Cell& cell, const CellResult& result);

  std::vector<std::string> losses_;
  std::vector<CellResult> results_;
  std::map<std::string, SeedScores> scores_;
};

}  // namespace unmask
