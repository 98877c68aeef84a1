#include "unmask/study/findings.h"

#include <algorithm>
#include <cmath>

#include "unmask/base/text.h"
#include "unmask/report/comparison_text.h"

namespace unmask {
namespace {

constexpr size_t kMeanTracks = 2;                // of kAggregations
constexpr size_t kAccuracyRow = 0, kAucRow = 2;  // of kPaperMeasures

std::string Interval3(const Measure& measure) {
  return FormatFixed(measure.value, 3) + " (" + FormatFixed(measure.interval.low, 3) + " … " +
         FormatFixed(measure.interval.high, 3) + ")";
}

// Of the numbers of every loss, by one aggregation.
size_t BestOf(const IntraAnalysis& analysis, size_t measure) {
  size_t best = 0;
  for (size_t l = 1; l < analysis.losses.size(); ++l) {
    if (analysis.entries[measure][l][kMeanTracks].measure.value >
        analysis.entries[measure][best][kMeanTracks].measure.value) {
      best = l;
    }
  }
  return best;
}

PairedDifference Reversed(PairedDifference difference) {
  difference.difference = -difference.difference;
  difference.interval = {-difference.interval.high, -difference.interval.low};
  return difference;
}

std::string LossesAnswer(const IntraAnalysis& analysis, double alpha) {
  const size_t best = BestOf(analysis, kAucRow), most_accurate = BestOf(analysis, kAccuracyRow);
  std::vector<std::string> real;
  for (const LossPair& pair : analysis.pairs) {
    if (!(pair.p_adjusted < alpha)) continue;
    const bool a_better = pair.auc.difference > 0;
    PairedDifference difference = a_better ? pair.auc : Reversed(pair.auc);
    difference.p = pair.p_adjusted;
    real.push_back(DifferenceText(ComparedMeasure::kAuc,
                                  analysis.losses[a_better ? pair.a : pair.b],
                                  analysis.losses[a_better ? pair.b : pair.a], difference, alpha));
  }
  std::string text =
      "**" + analysis.quality + "**: the highest AUC has " + analysis.losses[best] + ", " +
      Interval3(analysis.entries[kAucRow][best][kMeanTracks].measure) + "; the highest accuracy " +
      analysis.losses[most_accurate] + ", " +
      FormatFixed(100 * analysis.entries[kAccuracyRow][most_accurate][kMeanTracks].measure.value,
                  1) +
      " %. ";
  if (analysis.pairs.empty()) return text;
  if (real.empty()) {
    return text + "None of the " + CountOf(analysis.pairs.size(), "difference") +
           " in AUC between two losses can be told from noise.";
  }
  text += "Of " + CountOf(analysis.pairs.size(), "difference") + " in AUC between two losses, " +
          std::to_string(real.size()) + (real.size() == 1 ? " is real: " : " are real: ");
  constexpr size_t kMost = 4;
  const size_t shown = std::min(real.size(), kMost);
  text += Join({real.begin(), real.begin() + static_cast<std::ptrdiff_t>(shown)}, "; ");
  if (real.size() > shown) text += "; and " + std::to_string(real.size() - shown) + " more";
  return text + ".";
}

Finding Losses(const StudyPlan& plan, const StudyAnalysis& analysis) {
  const double alpha = 1 - plan.level;
  Finding finding{"Does the loss matter, and is another loss best at another quality?", {}};
  finding.answers.emplace_back(
      plan.seeds.size() == 1
          ? "There is one training of each loss. Where a difference is called real, the two "
            "models differ on other videos too; whether the losses do, one training cannot tell."
          : "A difference is called real where it would hold on other videos; compare it with the "
            "spread over seeds before it is taken for one of the losses.");
  for (const IntraAnalysis& intra : analysis.intra) {
    if (!intra.losses.empty()) finding.answers.push_back(LossesAnswer(intra, alpha));
  }
  if (analysis.ranks) {
    const FriedmanTest& test = analysis.ranks->friedman;
    const size_t best = std::min_element(test.average_ranks.begin(), test.average_ranks.end()) -
                        test.average_ranks.begin();
    finding.answers.push_back(
        "Over " + std::to_string(test.blocks) +
        " blocks (a quality and a manipulation each) the losses' ranks " +
        (test.p_f < alpha ? "differ" : "cannot be told apart") + " (Friedman, " + PText(test.p_f) +
        "); the best average rank, " + FormatFixed(test.average_ranks[best], 2) + ", has " +
        analysis.ranks->losses[best] +
        ". The blocks are not independent: those of a quality share their models and real " +
        "videos, the qualities their clips. So this test finds differences too easily.");
  }
  return finding;
}

Finding Transfer(const StudyAnalysis& analysis) {
  Finding finding{"Does a model that was trained on one manipulation know another?", {}};
  for (const CrossClassAnalysis& cross : analysis.cross_class) {
    struct Direction {
      std::string name;
      Measure auc;
    };
    std::vector<Direction> others;
    double own = 0;
    for (size_t train = 0; train < cross.mean_auc.size(); ++train) {
      for (size_t test = 0; test < cross.mean_auc[train].size(); ++test) {
        const Measure& auc = cross.mean_auc[train][test];
        if (train == test) {
          own += auc.value / static_cast<double>(cross.mean_auc.size());
          continue;
        }
        others.push_back(
            {ShortClassName(cross.classes[train]) + " → " + ShortClassName(cross.classes[test]),
             auc});
      }
    }
    if (others.empty()) continue;
    std::sort(others.begin(), others.end(),
              [](const Direction& a, const Direction& b) { return a.auc.value > b.auc.value; });
    std::vector<std::string> known, unknown, misled;
    for (const Direction& direction : others) {
      const Interval& interval = direction.auc.interval;
      (interval.low > 0.5    ? known
       : interval.high < 0.5 ? misled
                             : unknown)
          .push_back(direction.name + " " + Interval3(direction.auc));
    }
    finding.answers.push_back(
        "**" + cross.quality + "**, AUC as mean over " + std::to_string(cross.losses.size()) +
        (cross.losses.size() == 1 ? " loss" : " losses") + ": on its own manipulation " +
        FormatFixed(own, 3) + " on average. Better than chance on others: " +
        (known.empty() ? "none" : Join(known, ", ")) +
        ". Not told from chance: " + (unknown.empty() ? "none" : Join(unknown, ", ")) + "." +
        (misled.empty() ? "" : " Worse than chance: " + Join(misled, ", ") + "."));
    for (const Direction& direction : others) {
      if (direction.name != "NT → DF") continue;
      const auto rank = std::find_if(others.begin(), others.end(),
                                     [](const Direction& d) { return d.name == "NT → DF"; }) -
                        others.begin() + 1;
      finding.answers.push_back(
          "The paper finds that training on NT transfers to DF. Here NT → DF has AUC " +
          Interval3(direction.auc) + ", number " + std::to_string(rank) + " of " +
          std::to_string(others.size()) + " directions" +
          (direction.auc.interval.low > 0.5 ? ": better than chance." : ": not told from chance."));
    }
  }
  return finding;
}

void AddPairs(const FusionAnalysis& fusion, double alpha, std::vector<std::string>& answers) {
  for (const FusionRule rule : kStudyRules) {
    double accuracy = 0, auc = 0;
    int count = 0, better = 0, worse = 0;
    for (const FusedLosses& pair : fusion.pairs) {
      if (pair.rule != rule) continue;
      ++count;
      accuracy += pair.accuracy.difference;
      auc += pair.auc.difference;
      if (pair.p_auc_adjusted < alpha) ++(pair.auc.difference > 0 ? better : worse);
    }
    if (count == 0) continue;
    answers.push_back("**" + fusion.quality + "**, " + std::string(NameOf(rule)) +
                      ": against the member that is " + "better on val, " +
                      CountOf(static_cast<size_t>(count), "pair") + " change accuracy by " +
                      FormatFixed(100 * accuracy / count, 2) + " and AUC by " +
                      FormatFixed(100 * auc / count, 2) + " points on average; in AUC " +
                      std::to_string(better) + " are really better, " + std::to_string(worse) +
                      " really worse, the others cannot be told from the member.");
  }
}

Finding Fusions(const StudyAnalysis& analysis, double alpha) {
  Finding finding{"Does it help to fuse two models?", {}};
  for (const FusionAnalysis& fusion : analysis.fusion) {
    AddPairs(fusion, alpha, finding.answers);
    for (const FusedLosses& chosen : fusion.greedy) {
      if (chosen.rule != FusionRule::kProbability) continue;
      if (chosen.losses.size() < 2) {
        finding.answers.push_back("**" + fusion.quality + "**, chosen step by step on val: " +
                                  chosen.losses[0] + " alone; no second model helps there.");
        continue;
      }
      finding.answers.push_back(
          "**" + fusion.quality + "**, chosen step by step on val: " + Join(chosen.losses, " + ") +
          ". " +
          DifferenceText(ComparedMeasure::kAccuracy, "it", chosen.against, chosen.accuracy, alpha) +
          "; " + DifferenceText(ComparedMeasure::kAuc, "it", chosen.against, chosen.auc, alpha) +
          ".");
    }
  }
  return finding;
}

Finding Aggregations(const StudyAnalysis& analysis, double alpha) {
  Finding finding{"Vote over faces (MF), vote over tracks (MT) or mean over tracks (AT)?", {}};
  for (const IntraAnalysis& intra : analysis.intra) {
    if (intra.losses.empty()) continue;
    std::vector<std::string> texts;
    for (size_t a = 1; a < kAggregations.size(); ++a) {
      const std::string name(NameOf(kAggregations[a]));
      texts.push_back(DifferenceText(ComparedMeasure::kAccuracy, name, "MF",
                                     intra.accuracy_against_faces[a - 1], alpha));
      texts.push_back(
          DifferenceText(ComparedMeasure::kAuc, name, "MF", intra.auc_against_faces[a - 1], alpha));
    }
    finding.answers.push_back("**" + intra.quality +
                              "**, mean over the losses: " + Join(texts, "; ") + ".");
  }
  return finding;
}

}  // namespace

std::vector<Finding> FindingsOf(const StudyPlan& plan, const StudyAnalysis& analysis) {
  const double alpha = 1 - plan.level;
  std::vector<Finding> findings = {Losses(plan, analysis), Transfer(analysis),
                                   Fusions(analysis, alpha), Aggregations(analysis, alpha)};
  std::erase_if(findings, [](const Finding& finding) { return finding.answers.empty(); });
  return findings;
}

}  // namespace unmask
