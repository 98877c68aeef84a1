#pragma once

#include <array>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/losses/registry.h"

namespace unmask {

// A field of a loss's options struct: its name on the command line, what it means, and the range of
// allowed values. From a list of these come help texts, parsing and the recipe of a run.
template <typename Options>
struct LossField {
  const char* name;
  const char* help;
  std::variant<double Options::*, int64_t Options::*, bool Options::*> member;
  double low = -HUGE_VAL;  // included
  double high = HUGE_VAL;  // included
};

template <typename Options, size_t N>
std::vector<LossParameter> DescribeFields(const std::array<LossField<Options>, N>& fields) {
  static constexpr Options standard{};
  std::vector<LossParameter> parameters;
  for (const auto& field : fields) {
    const Json value =
        std::visit([&](auto member) { return Json(standard.*member); }, field.member);
    parameters.push_back({field.name, field.help, value});
  }
  return parameters;
}

// The struct with the values that `json` gives. Throws UsageError.
template <typename Options, size_t N>
Options ParseFields(const std::array<LossField<Options>, N>& fields, const Json& json) {
  Options options;
  std::vector<std::string> known;
  for (const auto& field : fields) known.emplace_back(field.name);
  for (const auto& [key, value] : json.items()) {
    const LossField<Options>* found = nullptr;
    for (const auto& field : fields) {
      if (key == field.name) found = &field;
    }
    if (found == nullptr) ThrowUnknownName("parameter of the loss", key, known);
    const auto refuse = [&](const std::string& rule) {
      throw UsageError("the loss's parameter " + key + " is " + value.dump() + ", but must " +
                       rule);
    };
    std::visit(
        [&](auto member) {
          using Value = std::decay_t<decltype(options.*member)>;
          if constexpr (std::is_same_v<Value, bool>) {
            if (!value.is_boolean()) refuse("be true or false");
          } else {
            if (!value.is_number()) refuse("be a number");
            const double number = value.template get<double>();
            if (std::is_integral_v<Value> && number != std::floor(number)) {
              refuse("be a whole number");
            }
            if (!(number >= found->low && number <= found->high)) {
              refuse("lie in " + Json(found->low).dump() + " … " +
                     (std::isinf(found->high) ? "∞" : Json(found->high).dump()));
            }
          }
          options.*member = value.template get<Value>();
        },
        found->member);
  }
  return options;
}

// Losses without parameters of their own.
struct NoOptions {};
inline constexpr std::array<LossField<NoOptions>, 0> kNoFields{};

// The maker of a loss with these fields. `make` builds it from (shape, options struct, random).
template <const auto& fields, auto make>
LossMaker MakerWith() {
  return {[] { return DescribeFields(fields); },
          [](const Json& options) { ParseFields(fields, options); },
          [](const LossShape& shape, const Json& options, Random& random) -> std::unique_ptr<Loss> {
            return make(shape, ParseFields(fields, options), random);
          }};
}

// The same for a class with a constructor of these arguments.
template <typename Class, const auto& fields>
LossMaker MakerOf() {
  return MakerWith<fields, [](const LossShape& shape, const auto& options, Random& random) {
    return std::make_unique<Class>(shape, options, random);
  }>();
}

}  // namespace unmask
