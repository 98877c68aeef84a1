#include "unmask/model/weights.h"

#include <algorithm>
#include <set>

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

std::string TextOf(const Shape& shape) {
  std::vector<std::string> parts;
  for (const int64_t d : shape) parts.push_back(std::to_string(d));
  return "[" + Join(parts, "×") + "]";
}

// At most the first few of a long list.
std::string Listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 5;
  std::vector<std::string> shown(names.begin(), names.begin() + std::min(kShown, names.size()));
  std::string text = Join(shown, ", ");
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

}  // namespace

void CheckWeightsFit(const Graph& graph, const Weights& weights,
                     const std::vector<std::string>& optional_prefixes) {
  const auto optional = [&](const std::string& name) {
    return std::any_of(optional_prefixes.begin(), optional_prefixes.end(),
                       [&](const std::string& prefix) { return name.starts_with(prefix); });
  };
  std::vector<std::string> missing, left_over, misshapen;
  std::set<std::string> wanted;
  for (const Parameter& parameter : graph.Parameters()) {
    wanted.insert(parameter.name);
    const auto found = weights.find(parameter.name);
    if (found == weights.end()) {
      if (!optional(parameter.name)) missing.push_back(parameter.name);
    } else if (found->second.shape != parameter.shape && !optional(parameter.name)) {
      misshapen.push_back(parameter.name + " is " + TextOf(found->second.shape) + ", not " +
                          TextOf(parameter.shape));
    }
  }
  for (const auto& [name, tensor] : weights) {
    if (!wanted.contains(name) && !optional(name)) left_over.push_back(name);
  }
  std::string problem;
  if (!missing.empty()) problem += "; missing: " + Listed(missing);
  if (!left_over.empty()) problem += "; not of this network: " + Listed(left_over);
  if (!misshapen.empty()) problem += "; of another shape: " + Listed(misshapen);
  if (problem.empty()) return;
  throw Error("the weights do not fit the network" + problem,
              "Choose the backbone that the weights were made for");
}

}  // namespace unmask
