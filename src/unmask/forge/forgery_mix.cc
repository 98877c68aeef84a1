#include "unmask/forge/forgery_mix.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string_view>
#include <system_error>

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

double WeightOf(std::string_view text, std::string_view name) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  // Far from where shares of a sum overflow or vanish.
  if (error != std::errc() || end != text.data() + text.size() ||
      !(weight >= 1e-6 && weight <= 1e6)) {
    throw UsageError("the weight of the forgery " + std::string(name) + " is '" +
                         std::string(text) + "', but must lie in 0.000001 … 1000000",
                     "Give one as in self-blend=4,warp=1, or leave the forgery out");
  }
  return weight;
}

std::string SixDigits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

}  // namespace

ForgeryMix::ForgeryMix(const std::string& text, std::span<const Forgery> table) {
  double sum = 0;
  for (const std::string& each : Split(text, ',')) {
    const size_t equals = each.find('=');
    const std::string_view name = Trimmed(std::string_view(each).substr(0, equals));
    const Forgery& forgery = FindForgery(name, table);
    for (const Part& part : parts_) {
      if (part.forgery != &forgery) continue;
      throw UsageError("the forgery " + std::string(name) + " is named twice in '" + text + "'",
                       "Name it once, with its weight");
    }
    const double weight = equals == std::string::npos
                              ? 1
                              : WeightOf(Trimmed(std::string_view(each).substr(equals + 1)), name);
    parts_.push_back({&forgery, weight});
    sum += weight;
  }
  if (parts_.empty()) {
    throw UsageError("no forgery is named", "Give some as in self-blend=4,warp=1, or none");
  }
  std::sort(parts_.begin(), parts_.end(),
            [](const Part& a, const Part& b) { return a.forgery < b.forgery; });
  // Weights that mean the same, such as 4,2 and 0.4,0.2, differ in the last digit of their shares.
  for (Part& part : parts_) part.share = std::strtod(SixDigits(part.share / sum).c_str(), nullptr);
}

const Forgery& ForgeryMix::Draw(Random& random) const {
  double left = Uniform(random, 0, 1);
  for (const Part& part : parts_) {
    left -= part.share;
    if (left < 0) return *part.forgery;
  }
  return *parts_.back().forgery;
}

bool ForgeryMix::needs_other_face() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.forgery->needs_other_face; });
}

std::string ForgeryMix::Means() const {
  std::vector<std::string> texts;
  for (const Part& part : parts_) {
    const Forgery& forgery = *part.forgery;
    if (forgery.means != nullptr) {
      texts.push_back(std::string(forgery.name) + ": " + forgery.means());
    }
  }
  return Join(texts, ", ");
}

std::string ForgeryMix::WithoutOtherFaces() const {
  std::vector<Part> parts;
  for (const Part& part : parts_) {
    if (!part.forgery->needs_other_face) parts.push_back(part);
  }
  return TextOf(parts);
}

std::string ForgeryMix::TextOf(const std::vector<Part>& parts) {
  if (parts.size() == 1) return std::string(parts[0].forgery->name);
  std::vector<std::string> texts;
  for (const Part& part : parts) {
    texts.push_back(std::string(part.forgery->name) + "=" + SixDigits(part.share));
  }
  return Join(texts, ",");
}

std::string MeansOf(const std::vector<std::string>& forgeries) {
  const std::set<std::string> names(forgeries.begin(), forgeries.end());
  if (names.empty()) return "";
  return ForgeryMix(Join({names.begin(), names.end()}, ",")).Means();
}

}  // namespace unmask
