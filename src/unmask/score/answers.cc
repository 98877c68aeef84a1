#include "unmask/score/answers.h"

#include <algorithm>

namespace unmask {
namespace {

double ScoreOf(const ScoredFile& file, Aggregation aggregation, const DatasetOptions& options) {
  const auto place = std::find(kAggregations.begin(), kAggregations.end(), aggregation);
  return VideoScores(file, options)[static_cast<size_t>(place - kAggregations.begin())];
}

}  // namespace

bool IsAnswered(const ScoredFile& file, Aggregation aggregation, const DatasetOptions& options) {
  if (file.doubtful) return false;
  // real_below is a limit of probabilities
  if (ScoreIsShare(aggregation, options.vote_score)) return true;
  const double score = ScoreOf(file, aggregation, options);
  return score >= FileThreshold(aggregation, options) || score < options.real_below;
}

Answers MeasureAnswers(const std::vector<ScoredFile>& files, Aggregation aggregation,
                       const DatasetOptions& options) {
  Answers result;
  std::vector<double> confidences;
  std::vector<int> wrong;
  const double threshold = FileThreshold(aggregation, options);
  for (const ScoredFile& file : files) {
    if (!file.has_score()) continue;
    const auto label = static_cast<size_t>(file.label);
    const double score = ScoreOf(file, aggregation, options);
    const bool is_wrong = (score >= threshold) != (file.label == 1);
    ++result.files[label];
    if (IsAnswered(file, aggregation, options)) {
      ++result.answered[label];
      result.wrong[label] += is_wrong ? 1 : 0;
    }
    result.wrong_if_all_answered += is_wrong ? 1 : 0;
    confidences.push_back(Confidence(score, threshold, file.doubtful));
    wrong.push_back(is_wrong ? 1 : 0);
  }
  result.curve = RiskCoverageCurve(confidences, wrong);
  result.area = AreaUnderRiskCoverage(confidences, wrong);
  return result;
}

}  // namespace unmask
