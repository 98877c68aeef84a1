#include <cmath>

#include "unmask/base/text.h"
#include "unmask/study/tables.h"

namespace unmask {
namespace {

constexpr const char* kMeasureNames[] = {"accuracy", "log_loss", "auc"};

Json NumberOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

// Appends value, low, high, spread, paper.
void Append(const Entry& entry, std::vector<Json>& row) {
  for (const double value : {entry.measure.value, entry.measure.interval.low,
                             entry.measure.interval.high, entry.spread}) {
    row.push_back(NumberOrNull(value));
  }
  row.push_back(entry.paper ? Json(*entry.paper) : Json(nullptr));
}

void Append(const PairedDifference& difference, std::vector<Json>& row) {
  for (const double value :
       {difference.difference, difference.interval.low, difference.interval.high, difference.p}) {
    row.push_back(NumberOrNull(value));
  }
}

LongTable Intra(const std::vector<IntraAnalysis>& analyses) {
  LongTable table{
      "intra",
      {"quality", "loss", "aggregation", "measure", "value", "low", "high", "spread", "paper"},
      {}};
  for (const IntraAnalysis& analysis : analyses) {
    for (size_t l = 0; l < analysis.losses.size(); ++l) {
      for (size_t a = 0; a < kAggregations.size(); ++a) {
        for (size_t m = 0; m < kPaperMeasures.size(); ++m) {
          std::vector<Json>& row = table.rows.emplace_back(
              std::vector<Json>{analysis.quality, analysis.losses[l],
                                std::string(NameOf(kAggregations[a])), kMeasureNames[m]});
          Append(analysis.entries[m][l][a], row);
        }
      }
      for (const auto& [measure, entry] :
           {std::pair("calibrated_log_loss", &analysis.calibrated_log_loss[l]),
            {"balanced_accuracy", &analysis.balanced_accuracy[l]}}) {
        std::vector<Json>& row = table.rows.emplace_back(
            std::vector<Json>{analysis.quality, analysis.losses[l], "AT", measure});
        Append(*entry, row);
      }
    }
  }
  return table;
}

LongTable CrossClass(const std::vector<CrossClassAnalysis>& analyses) {
  LongTable table{
      "cross_class",
      {"quality", "train", "test", "loss", "measure", "value", "low", "high", "spread", "paper"},
      {}};
  for (const CrossClassAnalysis& analysis : analyses) {
    for (const bool is_auc : {false, true}) {
      const auto& entries = is_auc ? analysis.auc : analysis.accuracy;
      for (size_t train = 0; train < entries.size(); ++train) {
        for (size_t test = 0; test < entries[train].size(); ++test) {
          for (size_t l = 0; l < analysis.losses.size(); ++l) {
            std::vector<Json>& row = table.rows.emplace_back(
                std::vector<Json>{analysis.quality, analysis.classes[train], analysis.classes[test],
                                  analysis.losses[l], is_auc ? "auc" : "accuracy"});
            Append(entries[train][test][l], row);
          }
        }
      }
    }
  }
  return table;
}

LongTable Fusion(const std::vector<FusionAnalysis>& analyses) {
  LongTable table{
      "fusion",
      {"quality", "choice", "fusion", "rule", "column", "value", "low", "high", "spread", "paper"},
      {}};
  for (const FusionAnalysis& analysis : analyses) {
    for (const auto& [choice, results] : {std::pair("plan", &analysis.named),
                                          {"pair", &analysis.pairs},
                                          {"greedy", &analysis.greedy}}) {
      for (const FusedLosses& result : *results) {
        for (size_t c = 0; c < result.columns.size(); ++c) {
          std::vector<Json>& row = table.rows.emplace_back(
              std::vector<Json>{analysis.quality, choice, Join(result.losses, "+"),
                                std::string(NameOf(result.rule)), result.columns[c]});
          Append(result.entries[c], row);
        }
      }
    }
  }
  return table;
}

LongTable Comparisons(const StudyAnalysis& analysis) {
  LongTable table{"comparisons",
                  {"quality", "a", "b", "measure", "rule", "difference", "low", "high", "p",
                   "p_adjusted", "p_delong", "p_delong_adjusted"},
                  {}};
  const auto add = [&](const std::string& quality, const std::string& a, const std::string& b,
                       const std::string& measure, const std::string& rule,
                       const PairedDifference& difference, double p_adjusted, double p_delong,
                       double p_delong_adjusted) {
    std::vector<Json>& row =
        table.rows.emplace_back(std::vector<Json>{quality, a, b, measure, rule});
    Append(difference, row);
    for (const double p : {p_adjusted, p_delong, p_delong_adjusted}) row.push_back(NumberOrNull(p));
  };
  for (const IntraAnalysis& intra : analysis.intra) {
    for (const LossPair& pair : intra.pairs) {
      add(intra.quality, intra.losses[pair.a], intra.losses[pair.b], "auc", "", pair.auc,
          pair.p_adjusted, pair.p_delong, pair.p_delong_adjusted);
    }
    for (size_t a = 1; a < kAggregations.size() && !intra.losses.empty(); ++a) {
      const std::string name(NameOf(kAggregations[a]));
      add(intra.quality, name, "MF", "accuracy", "", intra.accuracy_against_faces[a - 1], NAN, NAN,
          NAN);
      add(intra.quality, name, "MF", "auc", "", intra.auc_against_faces[a - 1], NAN, NAN, NAN);
    }
  }
  for (const FusionAnalysis& fusion : analysis.fusion) {
    for (const auto* results : {&fusion.pairs, &fusion.greedy}) {
      for (const FusedLosses& result : *results) {
        const std::string name = Join(result.losses, "+"), rule(NameOf(result.rule));
        add(fusion.quality, name, result.against, "accuracy", rule, result.accuracy,
            result.p_accuracy_adjusted, NAN, NAN);
        add(fusion.quality, name, result.against, "auc", rule, result.auc, result.p_auc_adjusted,
            NAN, NAN);
      }
    }
  }
  return table;
}

}  // namespace

std::string LongTable::Csv() const {
  std::string text = Join(columns, ",") + "\n";
  for (const std::vector<Json>& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      if (c > 0) line += ",";
      if (row[c].is_string()) {
        line += CsvField(row[c].get<std::string>());
      } else if (!row[c].is_null()) {
        line += FormatFixed(row[c].get<double>(), 6);
      }
    }
    text += line + "\n";
  }
  return text;
}

Json LongTable::AsJson() const {
  Json list = Json::array();
  for (const std::vector<Json>& row : rows) {
    Json object = Json::object();
    for (size_t c = 0; c < row.size(); ++c) object[columns[c]] = row[c];
    list.push_back(std::move(object));
  }
  return list;
}

std::vector<LongTable> LongTables(const StudyAnalysis& analysis) {
  return {Intra(analysis.intra), CrossClass(analysis.cross_class), Fusion(analysis.fusion),
          Comparisons(analysis)};
}

}  // namespace unmask
