#include "unmask/infer/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

const fs::path kNetworks = fs::path(UNMASK_DEPS_DIR) / "networks";

std::string Bytes(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void SetShape(onnx::ValueInfoProto* info, const std::string& name, int64_t columns) {
  info->set_name(name);
  auto* tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(onnx::TensorProto::FLOAT);
  tensor->mutable_shape()->add_dim()->set_dim_param("batch");
  tensor->mutable_shape()->add_dim()->set_dim_value(columns);
}

// logits = x · weights (3 × 2), embedding = −x, for a batch of any size.
void WriteNetwork(const fs::path& path, const std::vector<float>& weights) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  onnx::GraphProto* graph = model.mutable_graph();
  graph->set_name("small");
  SetShape(graph->add_input(), "x", 3);
  SetShape(graph->add_output(), "logits", 2);
  SetShape(graph->add_output(), "embedding", 3);
  onnx::TensorProto* w = graph->add_initializer();
  w->set_name("w");
  w->set_data_type(onnx::TensorProto::FLOAT);
  w->add_dims(3);
  w->add_dims(2);
  for (const float value : weights) w->add_float_data(value);
  onnx::NodeProto* product = graph->add_node();
  product->set_op_type("MatMul");
  product->add_input("x");
  product->add_input("w");
  product->add_output("logits");
  onnx::NodeProto* negative = graph->add_node();
  negative->set_op_type("Neg");
  negative->add_input("x");
  negative->add_output("embedding");
  WriteTextFile(path, model.SerializeAsString());
}

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    cache_ = folder_.path() / "cache";
    setenv("UNMASK_CACHE", cache_.c_str(), 1);
  }
  ~SessionTest() override { unsetenv("UNMASK_CACHE"); }

  static std::string ProblemOf(const fs::path& path) {
    try {
      Session session(path);
    } catch (const Error& e) {
      return e.problem();
    }
    return "";
  }

  std::vector<fs::path> Blobs() const {
    std::vector<fs::path> blobs;
    for (const auto& entry : fs::recursive_directory_iterator(cache_)) {
      if (entry.is_regular_file()) blobs.push_back(entry.path());
    }
    return blobs;
  }

  TemporaryFolder folder_;
  fs::path cache_;
};

const std::vector<float> kWeights = {1, 2, 3, 4, 5, 6};

TEST_F(SessionTest, RunsOnnxWithAnyBatch) {
  const fs::path path = folder_.path() / "a name with ä.onnx";
  WriteNetwork(path, kWeights);
  Session session(path);
  ASSERT_EQ(session.inputs().size(), 1u);
  EXPECT_EQ(session.inputs()[0].name, "x");
  EXPECT_THAT(session.inputs()[0].shape, testing::ElementsAre(-1, 3));
  ASSERT_EQ(session.outputs().size(), 2u);
  session.Run(std::vector<float>{1, 0, -1}, {1, 3});
  EXPECT_THAT(session.output("logits").values, testing::ElementsAre(-4, -4));
  const std::vector<float> three = {1, 0, -1, 2, 1, 0, 0, 0, 10};
  EXPECT_EQ(session.Run(three, {3, 3}).size(), 2u);
  EXPECT_THAT(session.output("logits").values, testing::ElementsAre(-4, -4, 5, 8, 50, 60));
  EXPECT_THAT(session.output("logits").shape, testing::ElementsAre(3, 2));
  EXPECT_THAT(session.output("embedding").values,
              testing::ElementsAre(-1, 0, 1, -2, -1, 0, 0, 0, -10));
}

TEST_F(SessionTest, FixesTheBatch) {
  const fs::path path = folder_.path() / "n.onnx";
  WriteNetwork(path, kWeights);
  SessionOptions options;
  options.batch = 2;
  Session session(path, options);
  EXPECT_THAT(session.inputs()[0].shape, testing::ElementsAre(2, 3));
  session.Run(std::vector<float>(6, 1.0f), {2, 3});
  EXPECT_THAT(session.output("logits").values, testing::ElementsAre(9, 12, 9, 12));
  EXPECT_THROW(session.Run(std::vector<float>(3, 1.0f), {1, 3}), Error);
}

TEST_F(SessionTest, WrongShapesAndNamesAreRefused) {
  const fs::path path = folder_.path() / "n.onnx";
  WriteNetwork(path, kWeights);
  Session session(path);
  EXPECT_THROW(session.output("logits"), Error);  // nothing has run
  EXPECT_THROW(session.Run(std::vector<float>(4), {1, 4}), Error);
  EXPECT_THROW(session.Run(std::vector<float>(3), {3}), Error);
  EXPECT_THROW(session.Run(std::vector<float>(3), {2, 3}), Error);
  EXPECT_THROW(session.Run({}, {0, 3}), Error);
  session.Run(std::vector<float>(3), {1, 3});
  EXPECT_THROW(session.output("scores"), Error);
}

TEST_F(SessionTest, RunsTheFaceNetworks) {
  Session detector(kNetworks / "face_detection_full_range.tflite");
  EXPECT_THAT(detector.inputs()[0].shape, testing::ElementsAre(1, 192, 192, 3));
  const auto& found = detector.Run(std::vector<float>(192 * 192 * 3), {1, 192, 192, 3});
  std::vector<size_t> sizes;
  for (const TensorView& view : found) sizes.push_back(view.values.size());
  EXPECT_THAT(sizes, testing::UnorderedElementsAre(2304u * 16, 2304u));
  Session mesh(kNetworks / "face_landmark.tflite");
  EXPECT_EQ(mesh.Run(std::vector<float>(192 * 192 * 3), {1, 192, 192, 3}).size(), 2u);
}

TEST_F(SessionTest, PrecisionIsAsAskedWhereTheCpuHasIt) {
  const fs::path path = folder_.path() / "n.onnx";
  WriteNetwork(path, kWeights);
  SessionOptions options;
  EXPECT_EQ(Session(path, options).precision(), Precision::kFloat);
  const Precision best = CpuHasBfloat16() ? Precision::kBfloat16 : Precision::kFloat;
  options.precision = Precision::kAuto;
  EXPECT_EQ(Session(path, options).precision(), best);
  options.precision = Precision::kBfloat16;
  Session session(path, options);
  EXPECT_EQ(session.precision(), best);
  session.Run(std::vector<float>{1, 1, 1}, {1, 3});
  EXPECT_NEAR(session.output("logits").values[0], 9, 0.1);
}

TEST_F(SessionTest, TheCacheIsUsedAndGivesTheSameNumbers) {
  const fs::path path = kNetworks / "face_landmark.tflite";
  std::vector<float> input(192 * 192 * 3);
  for (size_t i = 0; i < input.size(); ++i) input[i] = 0.5f + 0.5f * std::sin(0.01f * i);
  const auto first = [&](const SessionOptions& options) {
    Session session(path, options);
    const auto values = session.Run(input, {1, 192, 192, 3})[0].values;
    return std::vector<float>(values.begin(), values.end());
  };
  SessionOptions uncached;
  uncached.use_cache = false;
  const std::vector<float> want = first(uncached);
  EXPECT_FALSE(fs::exists(cache_));
  const std::vector<float> cold = first({});
  ASSERT_EQ(Blobs().size(), 1u);
  const std::vector<float> warm = first({});
  EXPECT_EQ(Blobs().size(), 1u);
  EXPECT_EQ(cold, want);
  EXPECT_EQ(warm, want);
}

TEST_F(SessionTest, AChangedFileIsCompiledAnew) {
  const fs::path path = folder_.path() / "n.onnx";
  const auto first_logit = [&] {
    Session session(path);
    session.Run(std::vector<float>{1, 0, 0}, {1, 3});
    return session.output("logits").values[0];
  };
  WriteNetwork(path, kWeights);
  const auto time = fs::last_write_time(path);
  EXPECT_EQ(first_logit(), 1);
  EXPECT_EQ(first_logit(), 1);
  WriteNetwork(path, {7, 2, 3, 4, 5, 6});  // same name, size and time
  fs::last_write_time(path, time);
  EXPECT_EQ(first_logit(), 7);
}

TEST_F(SessionTest, ADamagedOrUnwritableCacheIsNoFailure) {
  const fs::path path = folder_.path() / "n.onnx";
  WriteNetwork(path, kWeights);
  const auto runs = [&] {
    Session session(path);
    session.Run(std::vector<float>{1, 0, 0}, {1, 3});
    return session.output("logits").values[0] == 1;
  };
  EXPECT_TRUE(runs());
  ASSERT_EQ(Blobs().size(), 1u);
  const fs::path blob = Blobs()[0];
  const std::string whole = Bytes(blob);
  for (const size_t cut : {size_t{0}, size_t{10}, whole.size() / 2, whole.size() - 1}) {
    WriteTextFile(blob, whole.substr(0, cut));
    EXPECT_TRUE(runs());
    // Mended: whole again. Its length may differ by the length of a tensor's generated name.
    EXPECT_GT(Bytes(blob).size() + 64, whole.size());
  }
  fs::remove_all(cache_);
  WriteTextFile(cache_, "a file where the folder should be");
  EXPECT_TRUE(runs());
  setenv("UNMASK_CACHE", "/proc/no/such/place", 1);
  EXPECT_TRUE(runs());
}

TEST_F(SessionTest, BadFilesAreNamedWithTheCause) {
  const fs::path path = folder_.path() / "bad.onnx";
  EXPECT_THAT(ProblemOf(path), testing::HasSubstr("no such file"));
  EXPECT_THAT(ProblemOf(folder_.path()), testing::HasSubstr("not a file"));
  WriteTextFile(path, "");
  EXPECT_THAT(ProblemOf(path), testing::HasSubstr("empty"));
  for (const std::string name : {"bad.onnx", "bad.tflite", "bad.xml", "bad"}) {
    WriteTextFile(folder_.path() / name, "this is no network\n" + std::string(3000, 'z'));
    const std::string problem = ProblemOf(folder_.path() / name);
    EXPECT_THAT(problem, testing::HasSubstr(name));
    EXPECT_THAT(problem, testing::HasSubstr("not a network"));
  }
}

TEST_F(SessionTest, DamagedNetworksNeverCrash) {
  WriteNetwork(folder_.path() / "whole.onnx", kWeights);
  Random random(7);
  for (const fs::path& source :
       {folder_.path() / "whole.onnx", kNetworks / "face_detection_full_range.tflite"}) {
    const std::string whole = Bytes(source);
    const fs::path path = folder_.path() / ("damaged" + source.extension().string());
    for (int i = 0; i < 12; ++i) {
      std::string damaged =
          whole.substr(0, i % 2 == 0 ? whole.size() * (i + 1) / 14 : whole.size());
      if (i % 2 == 1) {
        for (int k = 0; k < 40; ++k)
          damaged[UniformInt(random, static_cast<int64_t>(damaged.size()))] ^= 0x55;
      }
      WriteTextFile(path, damaged);
      SessionOptions options;
      options.use_cache = false;
      try {
        Session session(path, options);  // damage to weights alone goes unnoticed
      } catch (const Error& e) {
        EXPECT_THAT(e.problem(), testing::HasSubstr("damaged"));
      }
    }
  }
}

}  // namespace
}  // namespace unmask
