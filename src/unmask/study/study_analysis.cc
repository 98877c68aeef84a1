#include "unmask/study/study_analysis.h"

#include <algorithm>

#include "unmask/base/error.h"

namespace unmask {
namespace {

constexpr int64_t kPaperTestVideos = 140;  // of each class

bool IsPaperData(const StudyPlan& plan, const StudyAnalysis& analysis) {
  const auto videos = kPaperTestVideos * static_cast<int64_t>(plan.classes.size() + 1);
  return plan.data_name == kPaperData &&
         std::all_of(analysis.intra.begin(), analysis.intra.end(), [&](const IntraAnalysis& i) {
           return i.real + i.fake + i.no_score == videos;
         });
}

}  // namespace

StudyAnalysis AnalyseStudy(const StudyPlan& plan, const FinishedCells& cells,
                           std::vector<std::string>& remarks) {
  StudyAnalysis analysis;
  const auto try_to = [&](const std::string& what, const auto& compute) {
    try {
      compute();
    } catch (const Error& e) {
      remarks.push_back(what + " could not be computed: " + e.what());
    }
  };
  for (const std::string& quality : plan.qualities) {
    if (cells.LossesOf(quality, "").empty()) continue;
    try_to("the tables of " + quality,
           [&] { analysis.intra.push_back(AnalyseIntra(plan, cells, quality)); });
    try_to("the fusions of " + quality,
           [&] { analysis.fusion.push_back(AnalyseFusion(plan, cells, quality)); });
  }
  for (const std::string& quality : plan.cross_class_qualities) {
    try_to("the cross-class tables of " + quality, [&] {
      CrossClassAnalysis cross = AnalyseCrossClass(plan, cells, quality);
      if (!cross.losses.empty()) analysis.cross_class.push_back(std::move(cross));
    });
  }
  try_to("the ranks", [&] { analysis.ranks = AnalyseRanks(plan, cells); });
  analysis.is_paper_data = IsPaperData(plan, analysis);
  return analysis;
}

}  // namespace unmask
