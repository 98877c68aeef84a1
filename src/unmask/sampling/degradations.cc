#include "unmask/sampling/degradations.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

// Why these values: docs/augmentation.md.
constexpr DegradationKind kKinds[] = {
    {"flip", "mirrored left to right", "", {0.5, 0, 0}, 0, 0},
    {"zoom", "the face larger or smaller in the crop", "factor", {1, 0.9, 1.1}, 0.5, 2},
    {"turn", "turned about the middle", "degrees", {1, -6, 6}, -180, 180},
    {"shift", "moved, in x and in y", "of the width", {1, -0.04, 0.04}, -0.5, 0.5},
    {"resolution", "recorded with fewer or more pixels", "factor", {0.8, 0.45, 1.4}, 0.05, 4},
    {"contrast", "grey levels times a factor", "factor", {0.4, 0.78, 1.28}, 0.1, 10},
    {"brightness", "grey levels plus a number", "grey levels", {0.4, -20, 20}, -255, 255},
    {"gamma", "grey levels to a power", "power", {0.3, 0.78, 1.28}, 0.1, 10},
    {"saturation", "paler or more colourful", "factor", {0.2, 0.3, 1.5}, 0, 10},
    {"cast", "red and blue brighter or darker", "grey levels", {0.2, -12, 12}, -255, 255},
    {"grey", "without colour", "", {0.03, 0, 0}, 0, 0},
    {"blur", "Gaussian blur: out of focus", "σ in pixels", {0.15, 0.3, 1.5}, 0, 20},
    {"motion", "blur along a line", "pixels", {0.05, 3, 9}, 0, 100},
    {"noise", "Gaussian noise of the sensor", "σ in grey levels", {0.15, 1, 8}, 0, 100},
    {"down-scale", "scaled down and up again", "of the size", {0.2, 0.3, 1}, 0.05, 1},
    {"h264", "a frame of a video encoded by x264", "CRF", {0.6, 18, 38}, 0, 51},
    {"jpeg", "saved as JPEG", "quality", {0.4, 30, 96}, 1, 100},
    {"jpeg-again", "saved as JPEG once more", "quality", {0.15, 50, 96}, 1, 100},
    {"cut-out", "a rectangle of one colour", "of the area", {0.05, 0.02, 0.15}, 0, 0.9},
};
static_assert(std::size(kKinds) == kDegradations);

const DegradationKind& KindOf(size_t index) { return kKinds[index]; }

size_t IndexOf(std::string_view name) {
  std::vector<std::string> known;
  for (size_t i = 0; i < kDegradations; ++i) {
    if (KindOf(i).name == name) return i;
    known.emplace_back(KindOf(i).name);
  }
  ThrowUnknownName("degradation", name, known);
}

// "" when the level is possible, else the rule that it violates.
std::string Violation(const DegradationKind& kind, const DegradationLevel& level) {
  if (!(level.probability >= 0 && level.probability <= 1)) return "probability must lie in 0 … 1";
  if (!(level.low >= kind.lowest && level.high <= kind.highest)) {
    return "range must lie in " + Json(kind.lowest).dump() + " … " + Json(kind.highest).dump() +
           " (" + std::string(kind.unit) + ")";
  }
  if (!(level.low <= level.high)) return "range must begin with its lower end";
  return "";
}

double Number(std::string_view text, std::string_view whole) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw UsageError(
        "degradation " + std::string(whole) + ": '" + std::string(text) + "' is not a number",
        "Write NAME=PROBABILITY or NAME=PROBABILITY,LOW,HIGH, as in blur=0.3,0.5,2");
  }
  return value;
}

}  // namespace

std::span<const DegradationKind> Degradations() { return kKinds; }

DegradationLevels::DegradationLevels() {
  for (size_t i = 0; i < kDegradations; ++i) levels_[i] = KindOf(i).standard;
}

DegradationLevels DegradationLevels::None() {
  DegradationLevels levels;
  for (DegradationLevel& level : levels.levels_) level.probability = 0;
  return levels;
}

void DegradationLevels::Set(std::string_view text) {
  const size_t equals = text.find('=');
  const size_t index = IndexOf(text.substr(0, equals));
  const std::vector<std::string> values =
      equals == text.npos ? std::vector<std::string>{} : Split(text.substr(equals + 1), ',');
  const bool ranged = !KindOf(index).unit.empty();
  if (values.size() != 1 && !(values.size() == 3 && ranged)) {
    throw UsageError("degradation " + std::string(text) + ": needs a probability" +
                         (ranged ? ", or a probability, a lowest and a highest strength" : ""),
                     "As in " + std::string(KindOf(index).name) + "=0.3");
  }
  DegradationLevel level = levels_[index];
  level.probability = Number(values[0], text);
  if (values.size() == 3) {
    level.low = Number(values[1], text);
    level.high = Number(values[2], text);
  }
  if (const std::string rule = Violation(KindOf(index), level); !rule.empty()) {
    throw UsageError("degradation " + std::string(text) + ": the " + rule);
  }
  levels_[index] = level;
}

void DegradationLevels::Read(const TomlTable& table) {
  std::vector<std::string> known;
  for (const DegradationKind& kind : kKinds) known.emplace_back(kind.name);
  table.RefuseUnknownKeys(known);
  for (const std::string& name : table.keys()) {
    const size_t index = IndexOf(name);
    const TomlTable entry = table.Table(name);
    DegradationLevel level = levels_[index];
    std::vector<double> range = {level.low, level.high};
    if (KindOf(index).unit.empty()) {
      entry.RefuseUnknownKeys({"probability"});
    } else {
      entry.RefuseUnknownKeys({"probability", "range"});
      entry.Read("range", range);
      if (range.size() != 2) entry.Refuse("range", "must be two numbers, [lowest, highest]");
    }
    entry.Read("probability", level.probability);
    level.low = range[0];
    level.high = range[1];
    if (const std::string rule = Violation(KindOf(index), level); !rule.empty()) {
      const size_t space = rule.find(' ');
      entry.Refuse(rule.substr(0, space), rule.substr(space + 1));
    }
    levels_[index] = level;
  }
}

std::string DegradationLevels::ToToml(std::string_view prefix) const {
  std::string text;
  for (size_t i = 0; i < kDegradations; ++i) {
    const DegradationKind& kind = KindOf(i);
    text += "\n# " + std::string(kind.summary) +
            (kind.unit.empty() ? "" : "; " + std::string(kind.unit)) + "\n[" + std::string(prefix) +
            "." + FormatTomlKey(std::string(kind.name)) +
            "]\nprobability = " + FormatTomlValue(levels_[i].probability) + "\n";
    if (!kind.unit.empty()) {
      text += "range = " + FormatTomlValue(Json::array({levels_[i].low, levels_[i].high})) + "\n";
    }
  }
  return text;
}

void DegradationLevels::Validate() const {
  for (size_t i = 0; i < kDegradations; ++i) {
    if (const std::string rule = Violation(KindOf(i), levels_[i]); !rule.empty()) {
      throw UsageError("degradation " + std::string(KindOf(i).name) + ": the " + rule);
    }
  }
}

}  // namespace unmask
