#include "unmask/explain/head_gradient.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "unmask/base/error.h"

namespace unmask {
namespace {

using Vector = std::vector<double>;

double Dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Vector Forward(const HeadLinear& linear, const Vector& x) {
  Vector y(static_cast<size_t>(linear.out));
  for (size_t o = 0; o < y.size(); ++o) {
    const float* row = linear.weight.data() + o * x.size();
    y[o] = std::inner_product(x.begin(), x.end(), row, 0.0);
    if (!linear.bias.empty()) y[o] += linear.bias[o];
  }
  return y;
}

Vector Backward(const HeadLinear& linear, const Vector& x, const Vector& g) {
  Vector back(x.size());
  for (size_t o = 0; o < g.size(); ++o) {
    const float* row = linear.weight.data() + o * x.size();
    for (size_t i = 0; i < x.size(); ++i) back[i] += g[o] * row[i];
  }
  return back;
}

Vector Forward(const L2Normalize& normalize, Vector x) {
  const double length = std::max(std::sqrt(Dot(x, x)), normalize.epsilon);
  for (double& value : x) value /= length;
  return x;
}

Vector Backward(const L2Normalize& normalize, const Vector& x, Vector g) {
  const double length = std::sqrt(Dot(x, x));
  if (length <= normalize.epsilon) {
    for (double& value : g) value /= normalize.epsilon;
    return g;
  }
  const double along = Dot(g, x) / (length * length);
  for (size_t i = 0; i < g.size(); ++i) g[i] = (g[i] - along * x[i]) / length;
  return g;
}

Vector Forward(const Scale& scale, Vector x) {
  for (double& value : x) value *= scale.factor;
  return x;
}

Vector Backward(const Scale& scale, const Vector&, Vector g) {
  return Forward(scale, std::move(g));
}

Vector Forward(const Activation& activation, Vector x) {
  for (double& v : x) {
    v = activation == Activation::kRelu ? std::max(v, 0.0) : v * std::clamp(v + 3, 0.0, 6.0) / 6;
  }
  return x;
}

double Slope(Activation activation, double x) {
  if (activation == Activation::kRelu) return x > 0 ? 1 : 0;
  return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;  // of x · relu6(x + 3) / 6
}

Vector Backward(const Activation& activation, const Vector& x, Vector g) {
  for (size_t i = 0; i < g.size(); ++i) g[i] *= Slope(activation, x[i]);
  return g;
}

// What each step takes, and behind them the logits.
std::vector<Vector> Run(const ModelHead& head, std::span<const double> pooled) {
  if (static_cast<int64_t>(pooled.size()) != head.channels) {
    throw Error("a feature map of " + std::to_string(pooled.size()) +
                " channels was given to a head of " + std::to_string(head.channels));
  }
  std::vector<Vector> values = {{pooled.begin(), pooled.end()}};
  for (const HeadStep& step : head.steps) {
    values.push_back(
        std::visit([&](const auto& kind) { return Forward(kind, values.back()); }, step));
  }
  return values;
}

}  // namespace

std::vector<double> HeadLogits(const ModelHead& head, std::span<const double> pooled) {
  return Run(head, pooled).back();
}

ScoreGradient HeadGradient(const ModelHead& head, std::span<const double> pooled,
                           const ExplainedScore& score) {
  const std::vector<Vector> values = Run(head, pooled);
  Vector gradient = score.Gradient(values.back());
  for (size_t i = head.steps.size(); i-- > 0;) {
    gradient =
        std::visit([&](const auto& kind) { return Backward(kind, values[i], std::move(gradient)); },
                   head.steps[i]);
  }
  return {score.Value(values.back()), std::move(gradient)};
}

}  // namespace unmask
