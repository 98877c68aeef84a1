#pragma once

// For tests: made-up heads of every kind that models have.

#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/model/model_head.h"

namespace unmask {

inline std::vector<std::string> HeadKinds() {
  return {"linear", "scaled", "cosine", "embedding", "mobile"};
}

inline HeadLinear MadeUpLinear(int64_t in, int64_t out, bool bias, Random& random) {
  HeadLinear linear{in, out, {}, {}};
  for (int64_t i = 0; i < in * out; ++i) {
    linear.weight.push_back(static_cast<float>(Normal(random, 0, 1)));
  }
  for (int64_t i = 0; bias && i < out; ++i) {
    linear.bias.push_back(static_cast<float>(Normal(random, 0, 1)));
  }
  return linear;
}

inline ModelHead MadeUpHead(const std::string& kind, int64_t channels, int64_t classes) {
  Random random(5);
  const auto linear = [&](int64_t in, bool bias) {
    return MadeUpLinear(in, classes, bias, random);
  };
  const auto hidden = [&] { return MadeUpLinear(channels, 4, true, random); };
  if (kind == "linear") return {channels, {linear(channels, true)}};
  if (kind == "scaled") return {channels, {L2Normalize{}, Scale{7}, linear(channels, true)}};
  if (kind == "cosine") return {channels, {L2Normalize{}, linear(channels, false), Scale{9}}};
  if (kind == "embedding") {
    return {channels, {hidden(), L2Normalize{}, linear(4, false), Scale{3}}};
  }
  if (kind == "mobile") {
    return {channels, {hidden(), Activation::kHardSwish, Activation::kRelu, linear(4, true)}};
  }
  throw Error("no head is called " + kind);
}

}  // namespace unmask
