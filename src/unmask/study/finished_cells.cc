#include "unmask/study/finished_cells.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

std::string KeyOf(const std::string& split, const std::string& quality,
                  const std::string& train_class, const std::string& loss) {
  return Join({split, quality, train_class, loss}, "/");
}

void SortFiles(std::vector<ScoredFile>& files) {
  std::stable_sort(files.begin(), files.end(), [](const ScoredFile& a, const ScoredFile& b) {
    return std::tie(a.label, a.class_name, a.identity, a.file) <
           std::tie(b.label, b.class_name, b.identity, b.file);
  });
}

// What two results must have in common to be compared face by face.
std::vector<std::string> ShapeOf(const CellResult& result) {
  std::vector<std::string> shape;
  for (const std::vector<ScoredFile>* files : {&result.val, &result.test}) {
    for (const ScoredFile& file : *files) {
      std::string text = Join({file.split, file.class_name, file.identity, file.file}, "/");
      for (const std::vector<FaceScore>& track : file.tracks) {
        text += " " + std::to_string(track.size());
      }
      shape.push_back(text + (file.failure.empty() ? "" : " failed"));
    }
  }
  return shape;
}

// The seeds that every loss has of which one is finished, trained as `cell` was; where there is
// none, the seed that most of them have.
std::set<uint64_t> SharedSeeds(const StudyPlan& plan, const std::vector<const Cell*>& finished,
                               const Cell& cell) {
  std::set<std::string> losses;
  std::map<uint64_t, size_t> counts;
  for (const Cell* other : finished) {
    if (other->quality != cell.quality || other->class_name != cell.class_name) continue;
    losses.insert(other->loss);
    ++counts[other->seed];
  }
  std::set<uint64_t> shared;
  uint64_t most = plan.seeds.front();
  for (const uint64_t seed : plan.seeds) {
    if (counts[seed] == losses.size()) shared.insert(seed);
    if (counts[seed] > counts[most]) most = seed;
  }
  if (shared.empty()) shared.insert(most);
  return shared;
}

}  // namespace

FinishedCells::FinishedCells(const StudyPlan& plan, const std::vector<Cell>& cells,
                             const StudyFolder& folder, std::vector<std::string>& damaged)
    : losses_(plan.losses) {
  std::vector<const Cell*> read;                           // of results_
  std::map<std::string, std::vector<std::string>> shapes;  // by quality
  for (const Cell& cell : cells) {
    const std::filesystem::path path = folder.FindResult(cell);
    if (path.empty()) continue;
    try {
      CellResult result = ReadCellResult(path, cell);
      SortFiles(result.val);
      SortFiles(result.test);
      const auto [first, is_new] = shapes.emplace(cell.quality, ShapeOf(result));
      if (!is_new && first->second != ShapeOf(result)) {
        throw Error(
            path.string() + ": holds other faces than the first finished cell of " + cell.quality,
            "Delete it; the cell is then done again on the faces that are here");
      }
      results_.push_back(std::move(result));
      read.push_back(&cell);
    } catch (const Error& e) {
      damaged.emplace_back(e.what());
    }
  }
  for (size_t i = 0; i < read.size(); ++i) {
    const Cell& cell = *read[i];
    if (SharedSeeds(plan, read, cell).contains(cell.seed)) Add(plan, cell, results_[i]);
  }
}

void FinishedCells::Add(const StudyPlan& plan, const Cell& cell, const CellResult& result) {
  for (const auto& [split, files] : {std::pair("val", &result.val), {"test", &result.test}}) {
    scores_[KeyOf(split, cell.quality, cell.class_name, cell.loss)].push_back(
        {.name = cell.loss,
         .files = *files,
         .temperature = result.temperature,
         .threshold = plan.threshold});
  }
}

std::vector<std::string> FinishedCells::LossesOf(const std::string& quality,
                                                 const std::string& train_class) const {
  std::vector<std::string> losses;
  for (const std::string& loss : losses_) {
    if (!Of("test", quality, train_class, loss).empty()) losses.push_back(loss);
  }
  return losses;
}

const SeedScores& FinishedCells::Of(const std::string& split, const std::string& quality,
                                    const std::string& train_class, const std::string& loss) const {
  static const SeedScores kNone;
  const auto found = scores_.find(KeyOf(split, quality, train_class, loss));
  return found == scores_.end() ? kNone : found->second;
}

}  // namespace unmask
