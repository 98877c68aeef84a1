#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/report/document.h"
#include "unmask/study/study_analysis.h"

namespace unmask {

// How numbers look: accuracies as percentages.
enum class NumberStyle { kPercent, kFraction };

// "97.14" with, below it, the interval, the spread over seeds, the paper's number and the
// difference, with a star where the paper's number lies outside the interval.
TableCell FormatEntry(const Entry& entry, NumberStyle style, bool is_best);

// Tables in the layout of the paper. The best of each column (or row) is strong.
std::vector<DocumentTable> IntraTables(const IntraAnalysis& analysis);
std::vector<DocumentTable> CrossClassTables(const CrossClassAnalysis& analysis);
DocumentTable CrossClassMeans(const CrossClassAnalysis& analysis);
DocumentTable FusionTable(const std::string& caption, const std::vector<FusedLosses>& results);
DocumentTable PairsTable(const FusionAnalysis& analysis);
// Differences with an adjusted p below `alpha` are strong.
DocumentTable LossPairsTable(const IntraAnalysis& analysis, double alpha);

// The same numbers, one a line, for other programs.
struct LongTable {
  std::string name;  // of the file, without ".csv"
  std::vector<std::string> columns;
  std::vector<std::vector<Json>> rows;

  std::string Csv() const;
  Json AsJson() const;  // an array of objects
};
std::vector<LongTable> LongTables(const StudyAnalysis& analysis);

}  // namespace unmask
