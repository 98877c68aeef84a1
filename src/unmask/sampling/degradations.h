#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "unmask/base/random.h"
#include "unmask/base/toml.h"

namespace unmask {

// What may happen to a training face, in the order in which it happens: camera, lens, sensor,
// upload, and at last what has no counterpart in the world.
enum class Degradation {
  kFlip,
  kZoom,
  kTurn,
  kShift,
  kResolution,
  kContrast,
  kBrightness,
  kGamma,
  kSaturation,
  kCast,
  kGrey,
  kBlur,
  kMotion,
  kNoise,
  kDownScale,
  kH264,
  kJpeg,
  kJpegAgain,
  kCutOut,
};
inline constexpr int kDegradations = 19;

// How often a degradation happens and how strongly.
struct DegradationLevel {
  double probability = 0;  // 0 … 1
  double low = 0;          // its strength is drawn evenly from [low, high)
  double high = 0;

  bool operator==(const DegradationLevel&) const = default;
};

// A row of the table of degradations.
struct DegradationKind {
  std::string_view name;
  std::string_view summary;  // what it does, for --help
  std::string_view unit;     // of the strength; "" where it has none (it happens or not)
  DegradationLevel standard;
  double lowest, highest;  // that the strength may be
};

// The only list, in the order of the enumeration.
std::span<const DegradationKind> Degradations();

// A level for each degradation.
class DegradationLevels {
 public:
  DegradationLevels();  // the standard ones

  DegradationLevel& operator[](Degradation which) { return levels_[static_cast<size_t>(which)]; }
  const DegradationLevel& operator[](Degradation which) const {
    return levels_[static_cast<size_t>(which)];
  }

  // Each off.
  static DegradationLevels None();

  // "blur=0.3" sets the probability, "blur=0.3,0.5,2" the range as well. Throws UsageError.
  void Set(std::string_view text);

  // Fills from a table that has one below each name:
  //   [degradations.blur]
  //   probability = 0.3
  //   range = [0.5, 2]
  // Throws UsageError naming file and key.
  void Read(const TomlTable& table);

  // The same as TOML, all degradations, each table below `prefix` ("degradations").
  std::string ToToml(std::string_view prefix) const;

  // Throws UsageError naming the value and the violated rule.
  void Validate() const;

  bool operator==(const DegradationLevels&) const = default;

 private:
  std::array<DegradationLevel, kDegradations> levels_;
};

}  // namespace unmask
