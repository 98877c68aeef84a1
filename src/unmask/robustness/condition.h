#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/robustness/excerpt.h"

namespace unmask {

enum class ConditionKind {
  kFrames,        // the excerpt's frames are changed and judged
  kHeadTurn,      // the undisturbed faces are sorted by how far the head is turned
  kSeveralFaces,  // a fake is judged beside real files in one frame
};

// Something that happens to files on their way to a detector. docs/robustness.md defines each in
// numbers.
struct Condition {
  std::string_view name;       // "crf"
  std::string_view title;      // "x264 compression"
  std::string_view axis;       // what a level says, with its unit: "CRF"
  std::string_view summary;    // one line
  std::vector<double> levels;  // from the weakest to the strongest
  // What is left of the excerpt at a level; null for the kinds that change no frames. The same
  // seed gives the same frames.
  FrameSequence (*apply)(const Excerpt& excerpt, double level, uint64_t seed) = nullptr;
  // Why a level says nothing about an excerpt; empty where it does. Null: every level always does.
  std::string (*obstacle)(const Excerpt& excerpt, double level) = nullptr;
  ConditionKind kind = ConditionKind::kFrames;
};

// As the axis has it: "0.5", "23".
std::string LevelText(double level);

// The only list of conditions.
std::span<const Condition> Conditions();

// Throws UsageError suggesting the nearest name.
const Condition& FindCondition(std::string_view name);

}  // namespace unmask
