#include "unmask/nn/fit_norms.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "unmask/backbones/registry.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/model/model_file.h"
#include "unmask/model/model_weights.h"

namespace unmask {
namespace {

double Difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

// What was folded away for inference is trained on as if it had never been.
TEST(FitNorms, ANetworkFromAModelTrainsFromWhereItStood) {
  for (const char* name : {"efficientnet_lite0", "xception", "resnet18", "mobilenet_v3_large"}) {
    Random random(3);
    at::manual_seed(3);
    const Graph graph = BuildClassifier(FindBackbone(name), 64, 2);
    Network whole(graph, {}, random);
    const at::Tensor images = at::randn({6, 3, 64, 64});
    const at::NoGradGuard no_grad;
    // Norms as training leaves them: their statistics are those of the images, scales differ.
    for (auto& [parameter, tensor] : whole.parameters()) {
      if (tensor.dim() == 1) tensor.uniform_(0.5, 1.5);
    }
    FitNorms(whole, images);
    const at::Tensor logits = whole.Forward(images, false).at("logits");
    EXPECT_LT(Difference(whole.Forward(images, true).at("logits"), logits), 1e-3) << name;

    const TemporaryFolder folder;
    WriteModel(folder.path() / "m.onnx", graph, whole.ToWeights(), {}, {.half_precision = false});
    Weights weights = ReadModelWeights(folder.path() / "m.onnx");
    EXPECT_TRUE(UnfoldNorms(graph, weights)) << name;
    CheckWeightsFit(graph, weights);
    Network again(graph, weights, random);
    const at::Tensor read = again.Forward(images, false).at("logits");
    EXPECT_LT(Difference(read, logits), 0.02) << name;  // the statistics moved in the passes above
    // As it was read the network would train from somewhere else.
    Network raw(graph, weights, random);
    EXPECT_GT(Difference(raw.Forward(images, true).at("logits"), read), 0.1) << name;
    FitNorms(again, images);
    EXPECT_LT(Difference(again.Forward(images, false).at("logits"), read), 1e-3) << name;
    EXPECT_LT(Difference(again.Forward(images, true).at("logits"), read), 1e-3) << name;
  }
}

}  // namespace
}  // namespace unmask
