#include "unmask/model/model_weights.h"

#include <gmock/gmock.h>
#include <onnx/onnx_pb.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/model/model_file.h"

namespace unmask {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;

class ModelWeightsTest : public testing::Test {
 protected:
  ModelWeightsTest() {
    GraphBuilder builder;
    int x = builder.AddNode(Conv2d{.out_channels = 2}, {builder.AddInput(1, 1, 2)}, "c");
    x = builder.AddNode(Activation::kRelu6, {builder.AddNode(BatchNorm{.epsilon = 1}, {x}, "n")});
    x = builder.AddNode(GlobalAveragePool{}, {x});
    builder.SetOutput("out", builder.AddNode(Linear{.out_features = 1}, {x}, "head"));
    graph_ = std::move(builder).Build();
  }

  std::string ErrorOf(const std::function<void(onnx::TensorProto&)>& change) {
    WriteModel(path_, graph_, weights_, {});
    onnx::ModelProto model;
    std::ifstream in(path_, std::ios::binary);
    EXPECT_TRUE(model.ParseFromIstream(&in));
    change(*model.mutable_graph()->mutable_initializer(0));
    WriteTextFile(path_, model.SerializeAsString());
    try {
      ReadModelWeights(path_);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "m.onnx";
  const Weights weights_ = {{"c.weight", {{2, 1, 1, 1}, {2, -1}}},
                            {"n.weight", {{2}, {3, 2}}},
                            {"n.bias", {{2}, {0.5f, 0}}},
                            {"n.running_mean", {{2}, {1, 4}}},
                            {"n.running_var", {{2}, {3, 0}}},
                            {"head.weight", {{1, 2}, {0.25f, 1e6f}}},
                            {"head.bias", {{1}, {7}}}};
  Graph graph_;
};

TEST_F(ModelWeightsTest, GivesTheFoldedParametersByName) {
  WriteModel(path_, graph_, weights_, {});  // c.weight as fp16; head.weight does not fit it
  Weights read = ReadModelWeights(path_);
  EXPECT_THAT(read,
              ElementsAre(Key("c.bias"), Key("c.weight"), Key("head.bias"), Key("head.weight")));
  EXPECT_THAT(read.at("c.weight").values, ElementsAre(3, -2));  // 2 · 3 / √(3 + 1), −1 · 2 / √1
  EXPECT_THAT(read.at("c.weight").shape, ElementsAre(2, 1, 1, 1));
  EXPECT_THAT(read.at("c.bias").values, ElementsAre(-1, -8));
  EXPECT_THAT(read.at("head.weight").values, ElementsAre(0.25f, 1e6f));

  EXPECT_TRUE(UnfoldNorms(graph_, read));
  CheckWeightsFit(graph_, read);
  EXPECT_THAT(read.at("n.weight").values, ElementsAre(1, 1));
  EXPECT_THAT(read.at("n.bias").values, ElementsAre(-1, -8));
  EXPECT_THAT(read.at("n.running_mean").values, ElementsAre(0, 0));
  EXPECT_THAT(read.at("n.running_var").values, ElementsAre(0, 0));  // 1 − epsilon
  EXPECT_FALSE(UnfoldNorms(graph_, read));
}

TEST_F(ModelWeightsTest, WhatLiesIsRefused) {
  EXPECT_THAT(ErrorOf([](auto& t) { t.mutable_raw_data()->pop_back(); }), HasSubstr("c.weight"));
  EXPECT_THAT(ErrorOf([](auto& t) { t.set_dims(0, -1); }), HasSubstr("c.weight"));
  EXPECT_THAT(ErrorOf([](auto& t) { t.set_dims(0, int64_t{1} << 62); }), HasSubstr("c.weight"));
  EXPECT_THAT(ErrorOf([](auto& t) { t.set_dims(1, 0); }), HasSubstr("c.weight"));
  WriteTextFile(path_, "no model");
  EXPECT_THROW(ReadModelWeights(path_), Error);
  EXPECT_THROW(ReadModelWeights(folder_.path() / "gone.onnx"), Error);
}

}  // namespace
}  // namespace unmask
