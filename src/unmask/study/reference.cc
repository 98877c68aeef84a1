#include "unmask/study/reference.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "unmask/base/text.h"
#include "unmask/study/paper_tables.h"

namespace unmask {
namespace {

using Numbers = std::map<std::string, double>;  // by the names of all that it depends on

constexpr std::pair<const char*, const char*> kClasses[] = {{"DF", "Deepfakes"},
                                                            {"F2F", "Face2Face"},
                                                            {"FS", "FaceSwap"},
                                                            {"NT", "NeuralTextures"},
                                                            {"P", "real"}};

// "l2-softmax" as "l2_softmax", "NT" as "NeuralTextures".
std::string OurName(const std::string& name) {
  for (const auto& [short_name, long_name] : kClasses) {
    if (name == short_name) return long_name;
  }
  std::string ours = name;
  std::replace(ours.begin(), ours.end(), '-', '_');
  return ours;
}

std::string KeyOf(const std::vector<std::string>& names) { return Join(names, "/"); }

std::string PairOf(std::string a, std::string b) {
  if (b < a) std::swap(a, b);
  return a + "+" + b;
}

// Lines of a table without quotes, the first of which names the columns.
std::vector<std::vector<std::string>> RowsOf(std::string_view table) {
  std::vector<std::vector<std::string>> rows;
  for (std::string& line : Split(table, '\n')) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) rows.push_back(Split(line, ','));
  }
  return rows;
}

// The last column is the number, the others are what it depends on. Percentages become shares.
Numbers ReadLongTable(std::string_view table) {
  Numbers numbers;
  const auto rows = RowsOf(table);
  for (size_t r = 1; r < rows.size(); ++r) {
    std::vector<std::string> names;
    for (size_t c = 0; c + 1 < rows[r].size(); ++c) names.push_back(OurName(rows[r][c]));
    const bool is_percent = names.back() == "accuracy";
    numbers[KeyOf(names)] = std::stod(rows[r].back()) / (is_percent ? 100 : 1);
  }
  return numbers;
}

Numbers ReadFusionTable() {
  Numbers numbers;
  const auto rows = RowsOf(kFusionTable);
  for (size_t r = 1; r < rows.size(); ++r) {
    const std::vector<std::string> pair = Split(rows[r][1], '+');
    for (size_t c = 2; c < rows[r].size(); ++c) {
      const std::string column = OurName(rows[0][c]);
      const bool is_percent = column != "log_loss" && column != "auc";
      numbers[KeyOf({rows[r][0], PairOf(OurName(pair[0]), OurName(pair[1])), column})] =
          std::stod(rows[r][c]) / (is_percent ? 100 : 1);
    }
  }
  return numbers;
}

std::optional<double> Find(const Numbers& numbers, const std::vector<std::string>& names) {
  const auto found = numbers.find(KeyOf(names));
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

std::string NameOf(PaperMeasure measure) {
  switch (measure) {
    case PaperMeasure::kAccuracy:
      return "accuracy";
    case PaperMeasure::kLogLoss:
      return "log_loss";
    case PaperMeasure::kAuc:
      return "auc";
  }
  return "";
}

}  // namespace

std::optional<double> PaperIntra(const std::string& quality, const std::string& loss,
                                 Aggregation aggregation, PaperMeasure measure) {
  static const Numbers numbers = ReadLongTable(kIntraTable);
  return Find(numbers, {quality, loss, std::string(unmask::NameOf(aggregation)), NameOf(measure)});
}

std::optional<double> PaperCrossClass(const std::string& train, const std::string& test,
                                      const std::string& loss, PaperMeasure measure) {
  static const Numbers numbers = ReadLongTable(kCrossClassTable);
  return Find(numbers, {train, test, loss, NameOf(measure)});
}

std::optional<double> PaperFusion(const std::string& quality, const std::string& loss_a,
                                  const std::string& loss_b, const std::string& column) {
  static const Numbers numbers = ReadFusionTable();
  return Find(numbers, {quality, PairOf(loss_a, loss_b), column});
}

std::string ShortClassName(const std::string& class_name) {
  for (const auto& [short_name, long_name] : kClasses) {
    if (class_name == long_name) return short_name;
  }
  return class_name;
}

}  // namespace unmask
