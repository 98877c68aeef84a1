#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/base/random.h"
#include "unmask/losses/loss.h"

namespace unmask {

// A parameter of a loss, for help texts.
struct LossParameter {
  std::string name;  // "scale"
  std::string help;
  Json standard;  // the value it has unless given
};

// How a loss is made; each loss file defines one.
struct LossMaker {
  std::vector<LossParameter> (*parameters)();
  // Throws as `make` does, without making anything.
  void (*check)(const Json& options);
  // `options`: an object with any of the parameters. Throws UsageError naming the parameter that is
  // unknown, of the wrong type or out of range.
  std::unique_ptr<Loss> (*make)(const LossShape& shape, const Json& options, Random& random);
};

// A row of the table of losses.
struct LossKind {
  std::string_view name;
  std::string_view summary;
  LossMaker maker;
};

// The only list of losses.
std::span<const LossKind> Losses();

// Throws UsageError suggesting the nearest name.
const LossKind& FindLoss(std::string_view name);

// All parameters of a loss, those given in `options` and the standard values of the others. Throws
// UsageError as `make` does.
Json ResolveLossOptions(const LossKind& loss, const Json& options);

}  // namespace unmask
