#include "unmask/score/fusion.h"

#include <algorithm>
#include <cmath>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/score/log_odds.h"
#include "unmask/score/metrics.h"

namespace unmask {
namespace {

// What a rule takes the mean of: log odds or probabilities, before calibration or after.
bool OfLogOdds(FusionRule rule) {
  return rule == FusionRule::kLogit || rule == FusionRule::kRawLogit;
}

bool OfRawScores(FusionRule rule) {
  return rule == FusionRule::kRawProbability || rule == FusionRule::kRawLogit;
}

// A member's part of the mean.
double Term(const FaceScore& face, double temperature, FusionRule rule) {
  switch (rule) {
    case FusionRule::kProbability:
      return face.score;
    case FusionRule::kRawProbability:
      return Sigmoid(face.margin);
    case FusionRule::kLogit:
      return face.margin / temperature;
    case FusionRule::kRawLogit:
      break;
  }
  return face.margin;
}

FaceScore FromMean(double mean, FusionRule rule) {
  return OfLogOdds(rule) ? FaceScore{Sigmoid(mean), mean} : FaceScore{mean, LogOdds(mean)};
}

double FusedThreshold(const std::vector<const ModelScores*>& members, FusionRule rule) {
  double sum = 0;
  for (const ModelScores* member : members) {
    const double threshold = OfRawScores(rule)
                                 ? MoveThreshold(member->threshold, member->temperature, 1)
                                 : member->threshold;
    sum += OfLogOdds(rule) ? LogOdds(threshold) : threshold;
  }
  return FromMean(sum / static_cast<double>(members.size()), rule).score;
}

void CheckSameFile(const ModelScores& a, const ModelScores& b, size_t place) {
  const ScoredFile& of_a = a.files[place];
  const ScoredFile& of_b = b.files[place];
  const auto fail = [&](const std::string& what) {
    throw Error(of_a.file + ": the models " + a.name + " and " + b.name + " differ in " + what,
                "Fuse models that were run on the same faces of the same files");
  };
  if (of_a.file != of_b.file) fail("the file at its place: " + of_b.file);
  if (of_a.label != of_b.label || of_a.class_or_label() != of_b.class_or_label()) {
    fail("its label");
  }
  if (of_a.failure.empty() != of_b.failure.empty()) fail("whether it could be read");
  if (of_a.tracks.size() != of_b.tracks.size()) {
    fail("its tracks: " + std::to_string(of_a.tracks.size()) + " and " +
         std::to_string(of_b.tracks.size()));
  }
  for (size_t t = 0; t < of_a.tracks.size(); ++t) {
    if (of_a.tracks[t].size() == of_b.tracks[t].size()) continue;
    fail("the faces of its track " + std::to_string(t + 1) + ": " +
         std::to_string(of_a.tracks[t].size()) + " and " + std::to_string(of_b.tracks[t].size()));
  }
}

// A single model, or the fusion of several.
ModelScores Together(const std::vector<const ModelScores*>& members, FusionRule rule) {
  return members.size() == 1 ? *members[0] : Fuse(members, rule);
}

// AUC and log loss of the files that have a score.
GreedyStep Judge(const ModelScores& scores, Aggregation aggregation, DatasetOptions options) {
  options.evaluation.threshold = scores.threshold;
  const ScoredItems items = FileItems(scores.files, aggregation, options);
  return {.added = 0,
          .auc = AreaUnderRoc(items.scores, items.labels),
          .log_loss = LogLoss(items.scores, items.labels)};
}

// A difference of less is rounding.
constexpr double kLeast = 1e-12;

bool Better(const GreedyStep& a, const GreedyStep& b) {
  if (std::abs(a.auc - b.auc) > kLeast) return a.auc > b.auc;
  return a.log_loss < b.log_loss - kLeast;
}

}  // namespace

FusionRule FusionRuleFromName(std::string_view name) {
  std::vector<std::string> names;
  for (const FusionRule rule : kFusionRules) {
    if (NameOf(rule) == name) return rule;
    names.emplace_back(NameOf(rule));
  }
  ThrowUnknownName("rule of fusion", name, names);
}

std::string_view NameOf(FusionRule rule) {
  switch (rule) {
    case FusionRule::kProbability:
      return "probability";
    case FusionRule::kRawProbability:
      return "raw-probability";
    case FusionRule::kLogit:
      return "logit";
    case FusionRule::kRawLogit:
      return "raw-logit";
  }
  return "";
}

void CheckSameFaces(const std::vector<const ModelScores*>& members) {
  if (members.empty()) return;
  const ModelScores& first = *members[0];
  for (const ModelScores* member : members) {
    if (member->files.size() != first.files.size()) {
      throw Error("the models " + first.name + " and " + member->name + " were run on " +
                      std::to_string(first.files.size()) + " and " +
                      std::to_string(member->files.size()) + " files",
                  "Fuse models that were run on the same faces of the same files");
    }
    for (size_t f = 0; f < first.files.size(); ++f) CheckSameFile(first, *member, f);
  }
}

ModelScores Fuse(const std::vector<const ModelScores*>& members, FusionRule rule) {
  if (members.size() < 2) throw Error("a fusion takes two models at least");
  CheckSameFaces(members);
  std::vector<std::string> names;
  for (const ModelScores* member : members) names.push_back(member->name);
  ModelScores fused{.name = Join(names, " + "),
                    .files = members[0]->files,
                    .temperature = 1,
                    .threshold = FusedThreshold(members, rule)};
  for (size_t f = 0; f < fused.files.size(); ++f) {
    auto& tracks = fused.files[f].tracks;
    for (size_t t = 0; t < tracks.size(); ++t) {
      for (size_t i = 0; i < tracks[t].size(); ++i) {
        double sum = 0;
        for (const ModelScores* member : members) {
          sum += Term(member->files[f].tracks[t][i], member->temperature, rule);
        }
        tracks[t][i] = FromMean(sum / static_cast<double>(members.size()), rule);
      }
    }
  }
  return fused;
}

std::vector<std::vector<size_t>> AllPairs(size_t count) {
  std::vector<std::vector<size_t>> pairs;
  for (size_t a = 0; a < count; ++a) {
    for (size_t b = a + 1; b < count; ++b) pairs.push_back({a, b});
  }
  return pairs;
}

std::vector<GreedyStep> SelectGreedily(const std::vector<ModelScores>& validation, FusionRule rule,
                                       Aggregation aggregation, const DatasetOptions& options) {
  if (validation.empty()) throw Error("no models to choose from");
  std::vector<const ModelScores*> members;
  std::vector<bool> taken(validation.size());
  std::vector<GreedyStep> steps;
  while (members.size() < validation.size()) {
    GreedyStep best;
    bool found = false;
    for (size_t m = 0; m < validation.size(); ++m) {
      if (taken[m]) continue;
      members.push_back(&validation[m]);
      GreedyStep step = Judge(Together(members, rule), aggregation, options);
      members.pop_back();
      step.added = m;
      if (found && !Better(step, best)) continue;
      best = step;
      found = true;
    }
    if (!steps.empty() && !Better(best, steps.back())) break;
    steps.push_back(best);
    taken[best.added] = true;
    members.push_back(&validation[best.added]);
  }
  return steps;
}

}  // namespace unmask
