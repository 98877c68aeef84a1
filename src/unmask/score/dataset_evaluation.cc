#include "unmask/score/dataset_evaluation.h"

#include <algorithm>
#include <map>
#include <utility>

#include "unmask/score/log_odds.h"

namespace unmask {
namespace {

double RawScore(const FaceScore& face) { return Sigmoid(face.margin); }

template <typename Score>
std::vector<std::vector<double>> ScoresOf(const ScoredFile& file, const Score& score) {
  std::vector<std::vector<double>> tracks;
  for (const std::vector<FaceScore>& faces : file.tracks) {
    std::vector<double>& scores = tracks.emplace_back();
    for (const FaceScore& face : faces) scores.push_back(score(face));
  }
  return tracks;
}

std::vector<std::vector<double>> Calibrated(const ScoredFile& file) {
  return ScoresOf(file, [](const FaceScore& face) { return face.score; });
}

size_t PlaceOf(Aggregation aggregation) {
  return static_cast<size_t>(std::find(kAggregations.begin(), kAggregations.end(), aggregation) -
                             kAggregations.begin());
}

// Fills the items of the five levels.
class LevelBuilder {
 public:
  explicit LevelBuilder(const DatasetOptions& options) : options_(options) {
    levels_.push_back({.name = "frame"});
    levels_.push_back({.name = "track"});
    for (const Aggregation a : kAggregations) levels_.push_back({.name = std::string(NameOf(a))});
  }

  void Add(const ScoredFile& file) {
    const std::string who = file.identity.empty() ? "file " + file.file : "who " + file.identity;
    const int group = group_of_.emplace(who, static_cast<int>(group_of_.size())).first->second;
    const auto add = [&](Level& level, double score, double raw) {
      level.items.scores.push_back(score);
      level.items.raw_scores.push_back(raw);
      level.items.labels.push_back(file.label);
      level.items.groups.push_back(group);
      level.items.classes.push_back(file.class_or_label());
    };
    const auto scores = Calibrated(file);
    const auto raw = ScoresOf(file, RawScore);
    for (size_t t = 0; t < scores.size(); ++t) {
      if (scores[t].empty()) continue;
      for (size_t f = 0; f < scores[t].size(); ++f) add(levels_[0], scores[t][f], raw[t][f]);
      add(levels_[1], TrackScore(scores[t]), TrackScore(raw[t]));
    }
    const double threshold = options_.evaluation.threshold;
    const double raw_threshold = MoveThreshold(threshold, options_.temperature, 1);
    for (size_t a = 0; a < kAggregations.size(); ++a) {
      add(levels_[2 + a], VideoScore(scores, kAggregations[a], threshold, options_.vote_score),
          VideoScore(raw, kAggregations[a], raw_threshold, options_.vote_score));
    }
  }

  ScoredItems TakeItems(Aggregation aggregation) {
    return std::move(levels_[2 + PlaceOf(aggregation)].items);
  }

  std::vector<Level> Finish() {
    for (size_t l = 0; l < levels_.size(); ++l) {
      EvaluationOptions options = options_.evaluation;
      if (l >= 2) options.threshold = FileThreshold(kAggregations[l - 2], options_);
      levels_[l].evaluation = Evaluate(levels_[l].items, options);
    }
    return std::move(levels_);
  }

 private:
  const DatasetOptions& options_;
  std::vector<Level> levels_;
  std::map<std::string, int> group_of_;
};

void Count(const ScoredFile& file, ClassCount& count) {
  ++count.files;
  count.failed += !file.failure.empty();
  count.no_face += file.failure.empty() && !file.has_score();
  if (!file.failure.empty()) return;
  count.faces += file.faces();
  for (const auto& faces : file.tracks) count.tracks += !faces.empty();
}

}  // namespace

bool ScoredFile::has_score() const { return failure.empty() && faces() > 0; }

int64_t ScoredFile::faces() const {
  int64_t count = 0;
  for (const std::vector<FaceScore>& track : tracks) count += static_cast<int64_t>(track.size());
  return count;
}

std::string ScoredFile::class_or_label() const {
  if (!class_name.empty()) return class_name;
  return label == 1 ? "fake" : "real";
}

std::array<double, 3> VideoScores(const ScoredFile& file, const DatasetOptions& options) {
  std::array<double, 3> scores{};
  for (size_t a = 0; a < kAggregations.size(); ++a) {
    scores[a] = VideoScore(Calibrated(file), kAggregations[a], options.evaluation.threshold,
                           options.vote_score);
  }
  return scores;
}

double FileThreshold(Aggregation aggregation, const DatasetOptions& options) {
  return ScoreIsShare(aggregation, options.vote_score) ? 0.5 : options.evaluation.threshold;
}

ScoredItems FileItems(const std::vector<ScoredFile>& files, Aggregation aggregation,
                      const DatasetOptions& options) {
  LevelBuilder levels(options);
  for (const ScoredFile& file : files) {
    if (file.has_score()) levels.Add(file);
  }
  return levels.TakeItems(aggregation);
}

DatasetEvaluation EvaluateDataset(const std::vector<ScoredFile>& files,
                                  const DatasetOptions& options) {
  options.evaluation.Validate();
  DatasetEvaluation result;
  std::map<std::pair<int, std::string>, ClassCount> classes;
  LevelBuilder levels(options);
  for (const ScoredFile& file : files) {
    ClassCount& count = classes[{file.label, file.class_or_label()}];
    count.name = file.class_or_label();
    count.label = file.label;
    Count(file, count);
    Count(file, result.total);
    if (file.has_score()) levels.Add(file);
  }
  for (auto& [key, count] : classes) result.classes.push_back(std::move(count));
  if (result.total.faces > 0) result.levels = levels.Finish();
  return result;
}

}  // namespace unmask
