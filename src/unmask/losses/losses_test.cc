// What every row of the table of losses must hold.

#include <gmock/gmock.h>

#include <cmath>

#include "unmask/base/error.h"
#include "unmask/losses/test_heads.h"

namespace unmask {

// GoogleTest shows a row of the table by its name.
void PrintTo(const LossKind& kind, std::ostream* out) { *out << kind.name; }

namespace {

class LossTest : public testing::TestWithParam<LossKind> {
 protected:
  std::unique_ptr<Loss> Make() const { return MakeLoss(GetParam().name); }
};

TEST_P(LossTest, GradientsEqualCentralDifferences) {
  const auto loss = Make();
  Randomise(*loss, 2);
  if (GetParam().name == "supervised_contrastive") {
    // Its classifier sees the embedding without a gradient; with weights of 0 it does not depend on
    // the embedding, and the differences see the contrast alone.
    loss->parameters().at("head.weight") = at::zeros({2, 5}, at::kDouble).set_requires_grad(true);
  }
  at::Tensor x = at::randn({6, 5}, at::kDouble).set_requires_grad(true);
  const at::Tensor labels = Labels({0, 1, 1, 0, 1, 0});
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
      EXPECT_NEAR(gradient.data_ptr<double>()[i], (above - below) / (2 * step), 1e-6);
    }
  }
}

TEST_P(LossTest, TheHeadAsGraphGivesTheSameLogits) {
  const auto loss = Make();
  Randomise(*loss, 3);
  for (auto& [name, tensor] : loss->parameters()) tensor = tensor.detach().to(at::kFloat);
  GraphBuilder builder;
  const int embedding = builder.AddNode(GlobalAveragePool{}, {builder.AddInput(5, 1, 1)});
  builder.SetOutput("logits", loss->AddHead(builder, embedding));
  Weights weights;
  for (const auto& [name, tensor] : loss->parameters()) weights[name] = ToWeight(tensor);
  const Graph graph = std::move(builder).Build();
  EXPECT_NO_THROW(CheckWeightsFit(graph, weights));
  Random random(3);
  Network network(graph, weights, random);
  const at::Tensor x = at::randn({3, 5});
  const at::Tensor logits = network.Forward(x.view({3, 5, 1, 1}), false).at("logits");
  EXPECT_TRUE(logits.allclose(loss->Logits(x), 1e-4, 1e-5)) << logits << loss->Logits(x);
}

TEST_P(LossTest, StaysFiniteForZeroAndHugeAndBfloat16Embeddings) {
  for (const double scale : {0.0, 1e-20, 1.0, 1e4, 1e15}) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      const auto loss = Make();
      at::manual_seed(4);
      at::Tensor x = (at::randn({4, 5}) * scale).to(type).set_requires_grad(true);
      const at::Tensor value = loss->Compute(x, Labels({0, 1, 0, 1}));
      // Squared distances and their sums of 1e15 overflow no float; the loss may be huge.
      ASSERT_TRUE(std::isfinite(value.item<double>())) << scale;
      EXPECT_EQ(value.scalar_type(), at::kFloat);
      value.backward();
      EXPECT_TRUE(x.grad().isfinite().all().item<bool>()) << scale;
      for (auto& [name, tensor] : loss->parameters()) {
        if (!tensor.grad().defined()) continue;
        EXPECT_TRUE(tensor.grad().isfinite().all().item<bool>()) << name << " at " << scale;
      }
    }
  }
}

TEST_P(LossTest, StaysFiniteWhereTheEmbeddingPointsAtAClassOrAwayFromIt) {
  const auto loss = Make();
  SetWeight(*loss, {1, 0, 0, 0, 0, -1, 0, 0, 0, 0});
  for (const double sign : {1.0, -1.0}) {
    at::Tensor x = Row({3 * sign, 0, 0, 0, 0}).set_requires_grad(true);
    const at::Tensor value = loss->Compute(x, Labels({0}));
    value.backward();
    EXPECT_TRUE(std::isfinite(value.item<double>()));
    EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
  }
}

TEST_P(LossTest, ComputeIsPureAndUpdateIsNot) {
  const auto loss = Make();
  Randomise(*loss, 5);
  const at::Tensor x = at::randn({4, 5}, at::kDouble);
  const at::Tensor labels = Labels({0, 1, 0, 1});
  const double once = loss->Compute(x, labels).item<double>();
  EXPECT_EQ(loss->Compute(x, labels).item<double>(), once);
  NamedTensors before;
  for (const auto& [name, tensor] : loss->state()) before[name] = tensor.clone();
  loss->Update(x, labels);
  for (const auto& [name, tensor] : loss->state()) {
    EXPECT_FALSE(tensor.equal(before.at(name))) << name;
  }
}

TEST_P(LossTest, OverfitsOneBatch) {
  const auto loss = Make();
  at::manual_seed(6);
  at::Tensor x = at::randn({16, 5}).set_requires_grad(true);
  const at::Tensor labels = at::arange(16, at::kLong).remainder(2);
  std::vector<at::Tensor> trained = {x};
  for (auto& [name, tensor] : loss->parameters()) trained.push_back(tensor);
  double first = 0, last = 0;
  for (int step = 0; step < 400; ++step) {
    for (at::Tensor& tensor : trained) tensor.mutable_grad() = at::Tensor();
    const at::Tensor value = loss->Compute(x, labels);
    value.backward();
    {
      const at::NoGradGuard no_grad;
      for (at::Tensor& tensor : trained) {
        const at::Tensor g = tensor.grad();
        tensor.sub_(0.05 * g / g.norm().clamp_min(0.05));
      }
    }
    loss->Update(x, labels);
    if (step == 0) first = value.item<double>();
    last = value.item<double>();
  }
  EXPECT_LT(last, first);
  EXPECT_TRUE(loss->Logits(x).argmax(1).equal(labels)) << "from " << first << " to " << last;
}

TEST_P(LossTest, ClassWeightsOfOneChangeNothingAndAWeightOfZeroSilencesAClass) {
  const auto plain = MakeLoss(GetParam().name);
  const auto ones = MakeLoss(GetParam().name, Json::object(), 5, 2, {1, 1});
  const auto first = MakeLoss(GetParam().name, Json::object(), 5, 2, {1, 0});
  for (const auto& loss : {plain.get(), ones.get(), first.get()}) Randomise(*loss, 7);
  const at::Tensor x = at::randn({4, 5}, at::kDouble);
  const at::Tensor labels = Labels({0, 1, 0, 1});
  EXPECT_NEAR(ones->Compute(x, labels).item<double>(), plain->Compute(x, labels).item<double>(),
              1e-12);
  if (GetParam().name == "supervised_contrastive") return;  // its contrast knows no class weights
  EXPECT_NEAR(first->Compute(x, labels).item<double>(),
              plain->Compute(x.slice(0, 0, 4, 2), Labels({0, 0})).item<double>(), 1e-12);
}

TEST_P(LossTest, ParametersAreDescribedAndChecked) {
  const LossMaker& maker = GetParam().maker;
  Random random(8);
  for (const LossParameter& parameter : maker.parameters()) {
    EXPECT_FALSE(parameter.help.empty());
    EXPECT_NO_THROW(maker.make({.embedding = 2}, {{parameter.name, parameter.standard}}, random));
    EXPECT_THROW(maker.make({.embedding = 2}, {{parameter.name, "much"}}, random), UsageError);
    if (parameter.standard.is_number()) {
      EXPECT_THROW(maker.make({.embedding = 2}, {{parameter.name, -1}}, random), UsageError);
    }
  }
  EXPECT_THROW(maker.make({.embedding = 2}, {{"magic", 1}}, random), UsageError);
  EXPECT_EQ(ResolveLossOptions(GetParam(), Json::object()).size(), maker.parameters().size());
}

INSTANTIATE_TEST_SUITE_P(Table, LossTest, testing::ValuesIn(Losses().begin(), Losses().end()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(LossesTest, UnknownNamesSuggestTheNearest) {
  EXPECT_THROW(FindLoss("sofmax"), UsageError);
  try {
    MakeLoss("arcface", {{"scal", 3}});
    FAIL() << "was accepted";
  } catch (const UsageError& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("scale"));
  }
}

}  // namespace
}  // namespace unmask
