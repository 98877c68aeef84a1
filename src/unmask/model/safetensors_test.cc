#include <gmock/gmock.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <limits>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/model/half.h"
#include "unmask/model/weights.h"

namespace unmask {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SafetensorsTest : public testing::Test {
 protected:
  // A file with this header and `data` zero bytes; `length` overrides the stated header length.
  void Make(const std::string& header, size_t data, uint64_t length = 0) {
    MakeRaw(header, std::string(data, '\0'), length);
  }
  void MakeRaw(const std::string& header, const std::string& data, uint64_t length = 0) {
    if (length == 0) length = header.size();
    std::ofstream file(path_, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), 8);
    file << header << data;
  }
  std::string Refusal() const {
    try {
      ReadSafetensors(path_);
    } catch (const Error& e) {
      EXPECT_THAT(e.problem(), HasSubstr(path_.filename().string()));
      return e.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "weights.safetensors";
};

TEST_F(SafetensorsTest, RoundTrip) {
  const Weights weights = {{"a.weight", {{2, 3}, {1, 2, 3, 4, 5, -6.5f}}}, {"b", {{}, {7}}}};
  WriteSafetensors(path_, weights, {{"format", "pt"}});
  const Weights back = ReadSafetensors(path_);
  ASSERT_EQ(back.size(), 2u);
  EXPECT_THAT(back.at("a.weight").shape, ElementsAre(2, 3));
  EXPECT_EQ(back.at("a.weight").values, weights.at("a.weight").values);
  EXPECT_TRUE(back.at("b").shape.empty());
  EXPECT_THAT(back.at("b").values, ElementsAre(7));
}

TEST_F(SafetensorsTest, ReadsHalvesAndPassesOverCounters) {
  // 1.5 as F16 is 0x3e00, as BF16 0x3fc0; then an I64.
  MakeRaw(R"({"h":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},)"
          R"("b":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]},)"
          R"("n":{"dtype":"I64","shape":[],"data_offsets":[4,12]}})",
          std::string("\x00\x3e\xc0\x3f", 4) + std::string(8, '\1'));
  const Weights weights = ReadSafetensors(path_);
  ASSERT_EQ(weights.size(), 2u);
  EXPECT_THAT(weights.at("h").values, ElementsAre(1.5f));
  EXPECT_THAT(weights.at("b").values, ElementsAre(1.5f));
}

TEST_F(SafetensorsTest, LyingFilesAreRefused) {
  EXPECT_THAT(Refusal(), HasSubstr("no such file"));
  std::ofstream(path_) << "abc";
  EXPECT_THAT(Refusal(), HasSubstr("truncated"));
  Make("{}", 0, std::numeric_limits<uint64_t>::max());
  EXPECT_THAT(Refusal(), HasSubstr("header claims"));
  Make("{}", 4, 100);
  EXPECT_THAT(Refusal(), HasSubstr("header claims"));
  Make("[1,2", 4);
  EXPECT_THAT(Refusal(), HasSubstr("JSON"));
  Make("{}", 4);
  EXPECT_THAT(Refusal(), HasSubstr("no floating-point tensor"));
  Make(std::string(100000, '['), 4);  // deep nesting must not exhaust the stack
  EXPECT_THAT(Refusal(), HasSubstr("JSON"));
}

TEST_F(SafetensorsTest, LyingTensorsAreNamed) {
  const auto refusal = [&](const std::string& entry, size_t data = 16) {
    Make("{\"t\":" + entry + "}", data);
    const std::string text = Refusal();
    EXPECT_THAT(text, HasSubstr("'t'"));
    return text;
  };
  EXPECT_THAT(refusal(R"({"dtype":"F32","shape":[4],"data_offsets":[0,12]})"),
              HasSubstr("differ in length"));
  EXPECT_THAT(refusal(R"({"dtype":"F32","shape":[4],"data_offsets":[4,20]})"),
              HasSubstr("outside"));
  EXPECT_THAT(refusal(R"({"dtype":"F32","shape":[4],"data_offsets":[16,0]})"),
              HasSubstr("outside"));
  EXPECT_THAT(refusal(R"({"dtype":"F32","shape":[-4],"data_offsets":[0,16]})"),
              HasSubstr("whole number"));
  EXPECT_THAT(refusal(R"({"dtype":"F32","shape":[1.5],"data_offsets":[0,16]})"),
              HasSubstr("whole number"));
  // 2^33 × 2^33 × 4 overflows 64 bits.
  EXPECT_THAT(refusal(R"({"dtype":"F32","shape":[8589934592,8589934592],"data_offsets":[0,16]})"),
              HasSubstr("more bytes"));
  EXPECT_THAT(refusal(R"({"dtype":"F8","shape":[4],"data_offsets":[0,16]})"),
              HasSubstr("unknown type"));
  EXPECT_THAT(refusal(R"({"dtype":"F32","shape":[4]})"), HasSubstr("data_offsets"));
  EXPECT_THAT(refusal("7"), HasSubstr("needs dtype"));
}

TEST_F(SafetensorsTest, OverlapsAreRefused) {
  Make(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
       R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
       12);
  EXPECT_THAT(Refusal(), HasSubstr("overlap"));
}

TEST_F(SafetensorsTest, ATruncatedFileIsRefused) {
  WriteSafetensors(path_, {{"a", {{64}, std::vector<float>(64, 1)}}});
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 1);
  EXPECT_THAT(Refusal(), HasSubstr("more bytes than the file has"));
}

TEST(HalfTest, AgreesWithKnownValuesAndBack) {
  // IEEE 754 binary16, from the standard's table.
  EXPECT_EQ(HalfFromFloat(1.0f), 0x3c00);
  EXPECT_EQ(HalfFromFloat(-2.0f), 0xc000);
  EXPECT_EQ(HalfFromFloat(65504.0f), 0x7bff);
  EXPECT_EQ(HalfFromFloat(65520.0f), 0x7c00);
  EXPECT_EQ(HalfFromFloat(0x1p-24f), 0x0001);
  EXPECT_EQ(HalfFromFloat(0x1p-25f), 0x0000);  // a tie, to even
  EXPECT_EQ(HalfFromFloat(0x1p-14f), 0x0400);
  EXPECT_EQ(HalfFromFloat(1.0f + 0x1p-11f), 0x3c00);  // a tie, to even
  EXPECT_EQ(HalfFromFloat(1.0f + 0x1p-11f + 0x1p-20f), 0x3c01);
  EXPECT_EQ(HalfFromFloat(0.33325195f), 0x3555);
  for (int h = 0; h < 0x10000; ++h) {
    const uint16_t half = static_cast<uint16_t>(h);
    if ((h & 0x7c00) == 0x7c00 && (h & 0x3ff) != 0) continue;  // not a number
    EXPECT_EQ(HalfFromFloat(FloatFromHalf(half)), half);
  }
}

TEST(CheckWeightsFitTest, NamesWhatIsWrong) {
  GraphBuilder builder;
  const int in = builder.AddInput(3, 8, 8);
  const int x = builder.AddNode(Conv2d{.out_channels = 2}, {in}, "conv");
  const int pooled = builder.AddNode(GlobalAveragePool{}, {x});
  builder.SetOutput("logits", builder.AddNode(Linear{.out_features = 2}, {pooled}, "fc"));
  const Graph graph = std::move(builder).Build();
  Weights weights = {{"conv.weight", {{2, 3, 1, 1}, std::vector<float>(6)}},
                     {"fc.weight", {{2, 2}, std::vector<float>(4)}},
                     {"fc.bias", {{2}, {0, 0}}}};
  EXPECT_NO_THROW(CheckWeightsFit(graph, weights));
  const auto refusal = [&](const std::vector<std::string>& optional = {}) -> std::string {
    try {
      CheckWeightsFit(graph, weights, optional);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  weights["fc.weight"].shape = {1000, 2};
  EXPECT_THAT(refusal(), HasSubstr("fc.weight is [1000×2], not [2×2]"));
  weights.erase("fc.bias");
  EXPECT_THAT(refusal(), HasSubstr("missing: fc.bias"));
  EXPECT_EQ(refusal({"fc."}), "");
  weights["stem.weight"] = {{1}, {0}};
  EXPECT_THAT(refusal({"fc."}), HasSubstr("not of this network: stem.weight"));
}

}  // namespace
}  // namespace unmask
