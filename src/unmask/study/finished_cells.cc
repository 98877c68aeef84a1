#include "unmask/study/finished_cells.h"

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

std::string KeyOf(const std::string& split, const std::string& quality,
                  const std::string& train_class, const std::string& loss) {
  return Join({split, quality, train_class, loss}, "/");
}

}  // namespace

FinishedCells::FinishedCells(const StudyPlan& plan, const std::vector<Cell>& cells,
                             const StudyFolder& folder, std::vector<std::string>& damaged)
    : losses_(plan.losses) {
  for (const Cell& cell : cells) {
    const std::filesystem::path path = folder.FindResult(cell);
    if (path.empty()) continue;
    try {
      results_.push_back(ReadCellResult(path, cell));
    } catch (const Error& e) {
      damaged.emplace_back(e.what());
      continue;
    }
    const CellResult& result = results_.back();
    for (const auto& [split, files] : {std::pair("val", &result.val), {"test", &result.test}}) {
      scores_[KeyOf(split, cell.quality, cell.class_name, cell.loss)].push_back(
          {.name = cell.loss,
           .files = *files,
           .temperature = result.temperature,
           .threshold = plan.threshold});
    }
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
