#include "unmask/study/tables.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "unmask/base/text.h"

namespace unmask {
namespace {

constexpr const char* kMeasureTitles[] = {"Accuracy (%)", "Log loss", "AUC"};

std::string Number(double value, NumberStyle style, int digits) {
  if (std::isnan(value)) return "–";
  return style == NumberStyle::kPercent ? FormatFixed(100 * value, digits - 2)
                                        : FormatFixed(value, digits);
}

std::string Signed(double value, NumberStyle style) {
  const std::string text = Number(std::abs(value), style, 4);
  return (value < 0 ? "−" : "+") + text;
}

NumberStyle StyleOf(const std::string& column) {
  return column == "log_loss" || column == "auc" ? NumberStyle::kFraction : NumberStyle::kPercent;
}

std::string TitleOf(const std::string& column) {
  if (column == "log_loss") return "Log loss";
  if (column == "auc") return "AUC";
  return ShortClassName(column);
}

// The index of the best of `count` values; equal ones share it, so a test per value.
std::function<bool(double)> IsBest(const std::vector<double>& values, bool higher_is_better) {
  double best = std::numeric_limits<double>::quiet_NaN();
  for (const double value : values) {
    if (std::isnan(best) || (higher_is_better ? value > best : value < best)) best = value;
  }
  // As they are printed.
  return [best](double value) { return std::abs(value - best) < 5e-5; };
}

std::string PText(double p) {
  if (std::isnan(p)) return "–";
  return p < 0.001 ? "< 0.001" : FormatFixed(p, 3);
}

std::string Points(const PairedDifference& difference) {
  return Signed(difference.difference, NumberStyle::kPercent);
}

std::string PointsInterval(const PairedDifference& difference) {
  return Signed(difference.interval.low, NumberStyle::kPercent) + " … " +
         Signed(difference.interval.high, NumberStyle::kPercent);
}

TableCell Plain(std::string text, std::string small = "") {
  return {std::move(text), std::move(small), false};
}

DocumentTable CrossClassTable(const CrossClassAnalysis& analysis, bool is_auc) {
  const auto& entries = is_auc ? analysis.auc : analysis.accuracy;
  DocumentTable table{analysis.quality + ": " + (is_auc ? "AUC" : "accuracy (%)") +
                          " of models trained on one manipulation, on each",
                      {"train → test"},
                      {}};
  for (const std::string& loss : analysis.losses) table.columns.push_back(loss);
  for (size_t train = 0; train < entries.size(); ++train) {
    for (size_t test = 0; test < entries[train].size(); ++test) {
      TableRow& row = table.rows.emplace_back();
      row.cells.push_back(Plain(ShortClassName(analysis.classes[train]) + " → " +
                                ShortClassName(analysis.classes[test])));
      std::vector<double> values;
      for (const Entry& entry : entries[train][test]) values.push_back(entry.measure.value);
      const auto is_best = IsBest(values, true);
      for (const Entry& entry : entries[train][test]) {
        row.cells.push_back(FormatEntry(entry,
                                        is_auc ? NumberStyle::kFraction : NumberStyle::kPercent,
                                        is_best(entry.measure.value)));
      }
    }
  }
  return table;
}

std::string JoinLosses(const std::vector<std::string>& losses) { return Join(losses, " + "); }

}  // namespace

TableCell FormatEntry(const Entry& entry, NumberStyle style, bool is_best) {
  const Measure& m = entry.measure;
  TableCell cell{Number(m.value, style, 4), "", is_best};
  cell.small = Number(m.interval.low, style, 3) + " … " + Number(m.interval.high, style, 3);
  if (!std::isnan(entry.spread)) cell.text += " ± " + Number(entry.spread, style, 4);
  if (entry.paper) {
    const bool outside = *entry.paper < m.interval.low || *entry.paper > m.interval.high;
    cell.small += "\npaper " + Number(*entry.paper, style, 4) + " (" +
                  Signed(m.value - *entry.paper, style) + (outside ? "*" : "") + ")";
  }
  return cell;
}

std::vector<DocumentTable> IntraTables(const IntraAnalysis& analysis) {
  std::vector<DocumentTable> tables;
  for (size_t m = 0; m < kPaperMeasures.size(); ++m) {
    DocumentTable& table = tables.emplace_back();
    table.caption = analysis.quality + ": " + kMeasureTitles[m];
    table.columns = {"loss"};
    const bool is_loss = kPaperMeasures[m] == PaperMeasure::kLogLoss;
    const NumberStyle style = kPaperMeasures[m] == PaperMeasure::kAccuracy ? NumberStyle::kPercent
                                                                           : NumberStyle::kFraction;
    std::vector<std::function<bool(double)>> is_best;
    for (size_t a = 0; a < kAggregations.size(); ++a) {
      table.columns.emplace_back(NameOf(kAggregations[a]));
      std::vector<double> values;
      for (const auto& of_loss : analysis.entries[m]) values.push_back(of_loss[a].measure.value);
      is_best.push_back(IsBest(values, !is_loss));
    }
    if (is_loss) table.columns.emplace_back("AT, calibrated");
    const bool is_accuracy = kPaperMeasures[m] == PaperMeasure::kAccuracy;
    if (is_accuracy) table.columns.emplace_back("AT, balanced");
    for (size_t l = 0; l < analysis.losses.size(); ++l) {
      TableRow& row = table.rows.emplace_back();
      row.cells.push_back(Plain(analysis.losses[l]));
      for (size_t a = 0; a < kAggregations.size(); ++a) {
        const Entry& entry = analysis.entries[m][l][a];
        row.cells.push_back(FormatEntry(entry, style, is_best[a](entry.measure.value)));
      }
      if (is_loss) {
        row.cells.push_back(FormatEntry(analysis.calibrated_log_loss[l], style, false));
      }
      if (is_accuracy) {
        row.cells.push_back(FormatEntry(analysis.balanced_accuracy[l], style, false));
      }
    }
  }
  return tables;
}

std::vector<DocumentTable> CrossClassTables(const CrossClassAnalysis& analysis) {
  return {CrossClassTable(analysis, false), CrossClassTable(analysis, true)};
}

DocumentTable CrossClassMeans(const CrossClassAnalysis& analysis) {
  DocumentTable table{analysis.quality + ": AUC, mean over the losses", {"train \\ test"}, {}};
  for (const std::string& test : analysis.classes) table.columns.push_back(ShortClassName(test));
  for (size_t train = 0; train < analysis.mean_auc.size(); ++train) {
    TableRow& row = table.rows.emplace_back();
    row.cells.push_back(Plain(ShortClassName(analysis.classes[train])));
    for (size_t test = 0; test < analysis.mean_auc[train].size(); ++test) {
      const Entry entry{.measure = analysis.mean_auc[train][test],
                        .spread = std::numeric_limits<double>::quiet_NaN(),
                        .paper = {}};
      row.cells.push_back(FormatEntry(entry, NumberStyle::kFraction, false));
    }
  }
  return table;
}

DocumentTable FusionTable(const std::string& caption, const std::vector<FusedLosses>& results) {
  DocumentTable table{caption, {"fusion"}, {}};
  if (results.empty()) return table;
  for (const std::string& column : results[0].columns) table.columns.push_back(TitleOf(column));
  std::vector<std::function<bool(double)>> is_best;
  for (size_t c = 0; c < results[0].columns.size(); ++c) {
    std::vector<double> values;
    for (const FusedLosses& result : results) values.push_back(result.entries[c].measure.value);
    is_best.push_back(IsBest(values, results[0].columns[c] != "log_loss"));
  }
  for (const FusedLosses& result : results) {
    TableRow& row = table.rows.emplace_back();
    row.cells.push_back(Plain(JoinLosses(result.losses), std::string(NameOf(result.rule))));
    for (size_t c = 0; c < result.entries.size(); ++c) {
      row.cells.push_back(FormatEntry(result.entries[c], StyleOf(result.columns[c]),
                                      is_best[c](result.entries[c].measure.value)));
    }
  }
  return table;
}

DocumentTable PairsTable(const FusionAnalysis& analysis) {
  DocumentTable table{analysis.quality + ": all pairs, mean of calibrated probabilities",
                      {"pair", "accuracy (%)", "log loss", "AUC", "better on val",
                       "gain in accuracy", "p", "gain in AUC", "p"},
                      {}};
  for (const FusedLosses& pair : analysis.pairs) {
    if (pair.rule != FusionRule::kProbability) continue;
    TableRow& row = table.rows.emplace_back();
    row.cells.push_back(Plain(JoinLosses(pair.losses)));
    for (size_t c = 0; c < pair.entries.size(); ++c) {
      Entry entry = pair.entries[c];
      entry.paper.reset();
      row.cells.push_back(FormatEntry(entry, StyleOf(pair.columns[c]), false));
    }
    row.cells.push_back(Plain(pair.against));
    row.cells.push_back(Plain(Points(pair.accuracy), PointsInterval(pair.accuracy)));
    row.cells.push_back(Plain(PText(pair.p_accuracy_adjusted)));
    row.cells.push_back(Plain(Points(pair.auc), PointsInterval(pair.auc)));
    row.cells.push_back(Plain(PText(pair.p_auc_adjusted)));
  }
  return table;
}

DocumentTable LossPairsTable(const IntraAnalysis& analysis, double alpha) {
  DocumentTable table{analysis.quality + ": losses compared by AUC (AT), in points",
                      {"losses", "difference", "p", "adjusted", "DeLong", "adjusted"},
                      {}};
  for (const LossPair& pair : analysis.pairs) {
    const bool is_real = pair.p_adjusted < alpha;
    table.rows.push_back({{Plain(analysis.losses[pair.a] + " − " + analysis.losses[pair.b]),
                           {Points(pair.auc), PointsInterval(pair.auc), is_real},
                           Plain(PText(pair.auc.p)),
                           {PText(pair.p_adjusted), "", is_real},
                           Plain(PText(pair.p_delong)),
                           Plain(PText(pair.p_delong_adjusted))}});
  }
  return table;
}

}  // namespace unmask
