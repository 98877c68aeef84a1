#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "unmask/base/error.h"
#include "unmask/losses/loss.h"

namespace unmask {

// GoogleTest shows a row of the table by its name.
void PrintTo(const LossKind& kind, std::ostream* out) { *out << kind.name; }

namespace {

class LossTest : public testing::TestWithParam<LossKind> {
 protected:
  std::unique_ptr<Loss> Make() {
    Random random(1);
    auto loss = GetParam().make({.embedding = 5, .classes = 2, .name = "head"}, random);
    // In double precision and far from zero, for the finite differences.
    at::manual_seed(2);
    for (auto& [name, tensor] : loss->parameters()) {
      tensor = at::randn(tensor.sizes(), at::kDouble).set_requires_grad(true);
    }
    return loss;
  }
};

TEST_P(LossTest, GradientsEqualCentralDifferences) {
  const auto loss = Make();
  at::Tensor x = at::randn({4, 5}, at::kDouble).set_requires_grad(true);
  const at::Tensor labels = at::tensor({0, 1, 1, 0}, at::kLong);
  loss->Compute(x, labels).backward();
  std::vector<at::Tensor> checked = {x};
  for (auto& [name, tensor] : loss->parameters()) checked.push_back(tensor);
  const at::NoGradGuard no_grad;
  for (at::Tensor& tensor : checked) {
    double* values = tensor.data_ptr<double>();
    const at::Tensor gradient = tensor.grad().contiguous();
    for (int64_t i = 0; i < tensor.numel(); ++i) {
      const double step = 1e-5, before = values[i];
      values[i] = before + step;
      const double above = loss->Compute(x, labels).item<double>();
      values[i] = before - step;
      const double below = loss->Compute(x, labels).item<double>();
      values[i] = before;
      EXPECT_NEAR(gradient.data_ptr<double>()[i], (above - below) / (2 * step), 1e-7);
    }
  }
}

TEST_P(LossTest, TheHeadAsGraphGivesTheSameLogits) {
  Random random(3);
  const auto loss = GetParam().make({.embedding = 5, .classes = 2, .name = "head"}, random);
  for (auto& [name, tensor] : loss->parameters()) {
    tensor = at::randn(tensor.sizes(), at::kFloat).set_requires_grad(true);
  }
  GraphBuilder builder;
  const int embedding = builder.AddNode(GlobalAveragePool{}, {builder.AddInput(5, 1, 1)});
  builder.SetOutput("logits", loss->AddHead(builder, embedding));
  Weights weights;
  for (const auto& [name, tensor] : loss->parameters()) weights[name] = ToWeight(tensor);
  const Graph graph = std::move(builder).Build();
  EXPECT_NO_THROW(CheckWeightsFit(graph, weights));
  Network network(graph, weights, random);
  const at::Tensor x = at::randn({3, 5});
  EXPECT_TRUE(network.Forward(x.view({3, 5, 1, 1}), false)["logits"].allclose(loss->Logits(x)));
}

TEST_P(LossTest, StaysFiniteForZeroAndHugeEmbeddings) {
  Random random(4);
  const auto loss = GetParam().make({.embedding = 5, .classes = 2, .name = "head"}, random);
  const at::Tensor labels = at::tensor({0, 1}, at::kLong);
  for (const double scale : {0.0, 1e4}) {
    const at::Tensor x = (at::ones({2, 5}) * scale).to(at::kBFloat16);
    EXPECT_TRUE(std::isfinite(loss->Compute(x, labels).item<double>())) << scale;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, LossTest, testing::ValuesIn(Losses().begin(), Losses().end()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(SoftmaxTest, WorkedExample) {
  // x = (3, 4), W = ((1, 0), (0, 2)), label 0: logits (3, 8), −ln softmax = ln(1 + e⁵).
  Random random(5);
  const auto loss = FindLoss("softmax").make({.embedding = 2, .classes = 2, .name = "h"}, random);
  loss->parameters()["h.weight"] = at::tensor({1.0, 0.0, 0.0, 2.0}, at::kDouble).view({2, 2});
  loss->parameters()["h.bias"] = at::zeros({2}, at::kDouble);
  const at::Tensor x = at::tensor({3.0, 4.0}, at::kDouble).view({1, 2});
  EXPECT_NEAR(loss->Compute(x, at::tensor({0}, at::kLong)).item<double>(), 5.006715, 1e-6);
}

TEST(LossesTest, UnknownNamesSuggestTheNearest) { EXPECT_THROW(FindLoss("sofmax"), UsageError); }

}  // namespace
}  // namespace unmask
