#include "unmask/graph/graph.h"

#include <gmock/gmock.h>

#include "unmask/base/error.h"
#include "unmask/graph/operations.h"

namespace unmask {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(PaddingTest, SameFollowsTensorFlow) {
  // From TensorFlow's documentation of SAME: 224 with kernel 3, stride 2 is padded on one side.
  PaddingAmount amount = PaddingFor(Padding::kSame, 224, 3, 2, 0);
  EXPECT_EQ(amount.before, 0);
  EXPECT_EQ(amount.after, 1);
  amount = PaddingFor(Padding::kSame, 7, 5, 1, 0);
  EXPECT_EQ(amount.before, 2);
  EXPECT_EQ(amount.after, 2);
  amount = PaddingFor(Padding::kSame, 8, 1, 4, 0);  // never negative
  EXPECT_EQ(amount.before + amount.after, 0);
}

TEST(GraphTest, ShapesFollowTheOperations) {
  GraphBuilder builder;
  const int in = builder.AddInput(3, 299, 299);
  const int conv = builder.AddNode(Conv2d{.out_channels = 32, .kernel = 3, .stride = 2}, {in}, "c");
  EXPECT_THAT(builder.shape(conv), ElementsAre(32, 149, 149));
  const int pool = builder.AddNode(Pool2d{.kernel = 3, .stride = 2, .pad = 1}, {conv});
  EXPECT_THAT(builder.shape(pool), ElementsAre(32, 75, 75));
  const int vector = builder.AddNode(GlobalAveragePool{}, {pool});
  EXPECT_THAT(builder.shape(vector), ElementsAre(32));
  const int product = builder.AddNode(Multiply{}, {pool, vector});
  EXPECT_THAT(builder.shape(product), ElementsAre(32, 75, 75));
  const int gate = builder.AddNode(GlobalAveragePool{.keep_map = true}, {pool});
  EXPECT_THAT(builder.shape(gate), ElementsAre(32, 1, 1));
  EXPECT_THAT(builder.shape(builder.AddNode(Multiply{}, {pool, gate})), ElementsAre(32, 75, 75));
  const int both = builder.AddNode(Concatenate{}, {pool, pool, product});
  EXPECT_THAT(builder.shape(both), ElementsAre(96, 75, 75));
  EXPECT_THAT(builder.shape(builder.AddNode(Concatenate{}, {vector, vector})), ElementsAre(64));
  const int logits = builder.AddNode(Linear{.out_features = 2}, {vector}, "fc");
  builder.SetOutput("logits", logits);
  const Graph graph = std::move(builder).Build();
  EXPECT_THAT(graph.output("logits").shape, ElementsAre(2));
  EXPECT_THROW(graph.output("embedding"), Error);
}

TEST(GraphTest, MapsGrow) {
  GraphBuilder builder;
  const int in = builder.AddInput(8, 5, 7);
  const int twice = builder.AddNode(ConvTranspose2d{.out_channels = 6}, {in}, "up");
  EXPECT_THAT(builder.shape(twice), ElementsAre(6, 10, 14));
  // PyTorch's own example: kernel 3, stride 2, padding 1 makes 2 n − 1 of n.
  const int odd =
      builder.AddNode(ConvTranspose2d{.out_channels = 6, .kernel = 3, .bias = true}, {in}, "odd");
  EXPECT_THAT(builder.shape(odd), ElementsAre(6, 9, 13));
  EXPECT_THAT(builder.shape(builder.AddNode(Upsample{.factor = 3}, {in})), ElementsAre(8, 15, 21));
  const int shuffled = builder.AddNode(PixelShuffle{}, {in});
  EXPECT_THAT(builder.shape(shuffled), ElementsAre(2, 10, 14));
  builder.SetOutput("out", shuffled);
  const std::vector<Parameter> parameters = std::move(builder).Build().Parameters();
  ASSERT_EQ(parameters.size(), 3u);
  EXPECT_THAT(parameters[0].shape, ElementsAre(8, 6, 4, 4));  // the channels that come in first
  EXPECT_THAT(parameters[2].shape, ElementsAre(6));
}

TEST(GraphTest, ParametersAreNamedInOrder) {
  GraphBuilder builder;
  const int in = builder.AddInput(4, 8, 8);
  const int conv =
      builder.AddNode(Conv2d{.out_channels = 8, .kernel = 3, .groups = 2}, {in}, "a.conv");
  const int norm = builder.AddNode(BatchNorm{}, {conv}, "a.bn");
  const int pooled = builder.AddNode(GlobalAveragePool{}, {norm});
  builder.SetOutput("logits", builder.AddNode(Linear{.out_features = 2}, {pooled}, "fc"));
  std::vector<std::string> names;
  std::vector<Shape> shapes;
  std::vector<bool> trainable;
  for (const Parameter& p : std::move(builder).Build().Parameters()) {
    names.push_back(p.name);
    shapes.push_back(p.shape);
    trainable.push_back(p.trainable);
  }
  EXPECT_THAT(names, ElementsAre("a.conv.weight", "a.bn.weight", "a.bn.bias", "a.bn.running_mean",
                                 "a.bn.running_var", "fc.weight", "fc.bias"));
  EXPECT_THAT(shapes[0], ElementsAre(8, 2, 3, 3));
  EXPECT_THAT(shapes[5], ElementsAre(2, 8));
  EXPECT_THAT(trainable, ElementsAre(true, true, true, false, false, true, true));
}

// What AddNode says when it refuses.
std::string Refusal(GraphBuilder builder, Operation operation, std::vector<int> inputs,
                    const std::string& name = "x") {
  try {
    builder.AddNode(operation, inputs, name);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(GraphTest, MisfitsNameTheNode) {
  GraphBuilder builder;
  const int in = builder.AddInput(3, 4, 4);
  const int vector = builder.AddNode(GlobalAveragePool{}, {in});
  EXPECT_THAT(Refusal(builder, Conv2d{.out_channels = 8, .kernel = 7}, {in}, "stem"),
              HasSubstr("'stem'"));
  EXPECT_THAT(Refusal(builder, Conv2d{.out_channels = 8, .groups = 2}, {in}), HasSubstr("groups"));
  EXPECT_THAT(Refusal(builder, Conv2d{.out_channels = 8}, {vector}), HasSubstr("feature map"));
  EXPECT_THAT(Refusal(builder, Linear{.out_features = 2}, {in}), HasSubstr("vector"));
  EXPECT_THAT(Refusal(builder, ConvTranspose2d{.out_channels = 2, .kernel = 1, .pad = 4}, {in}),
              HasSubstr("cuts all pixels off"));
  EXPECT_THAT(Refusal(builder, PixelShuffle{}, {in}), HasSubstr("square"));
  EXPECT_THAT(Refusal(builder, Upsample{.factor = 0}, {in}), HasSubstr("factor"));
  EXPECT_THAT(Refusal(builder, Add{}, {in, vector}), HasSubstr("one shape"));
  EXPECT_THAT(Refusal(builder, Multiply{}, {vector, in}), HasSubstr("multiply"));
  EXPECT_THAT(Refusal(builder, Concatenate{}, {in}), HasSubstr("two inputs"));
  EXPECT_THAT(Refusal(builder, Concatenate{}, {in, vector}), HasSubstr("together"));
  const int pixel = builder.AddNode(Pool2d{.kernel = 4, .stride = 4}, {in});
  const int other = builder.AddNode(Conv2d{.out_channels = 2}, {pixel}, "y");
  EXPECT_THAT(Refusal(builder, Multiply{}, {in, other}), HasSubstr("multiply"));
  EXPECT_THAT(Refusal(builder, Concatenate{}, {in, pixel}), HasSubstr("together"));
  EXPECT_THAT(Refusal(builder, BatchNorm{}, {in}, ""), HasSubstr("name"));
  EXPECT_THAT(Refusal(builder, Scale{}, {99}), HasSubstr("earlier node"));
  EXPECT_THAT(Refusal(builder, Dropout{.probability = 1.0}, {in}), HasSubstr("probability"));
  EXPECT_THAT(Refusal(builder, Scale{}, {}), HasSubstr("one input"));
  EXPECT_THROW(std::move(builder).Build(), Error);
}

}  // namespace
}  // namespace unmask
