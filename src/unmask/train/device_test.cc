#include "unmask/train/device.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "unmask/base/error.h"

namespace unmask {
namespace {

using testing::HasSubstr;

std::string Refusal(const std::string& name, int local_rank = 0) {
  try {
    FindDevice(name, local_rank);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(DeviceTest, NamesMeanDevices) {
  EXPECT_EQ(FindDevice("cpu", 3), at::Device(at::kCPU));
  for (const char* name : {"", "gpu", "cuda:", "cuda:x", "cuda:1x", "cuda:-1"}) {
    EXPECT_THROW(FindDevice(name, 0), UsageError) << name;
  }
  if (at::hasCUDA()) {
    EXPECT_EQ(FindDevice("auto", 0), at::Device(at::kCUDA, 0));
    EXPECT_EQ(FindDevice("cuda", 0), at::Device(at::kCUDA, 0));
    EXPECT_EQ(FindDevice("cuda:0", 5), at::Device(at::kCUDA, 0));
    EXPECT_THAT(Refusal("cuda:1000"), HasSubstr("1000"));
  } else {
    EXPECT_EQ(FindDevice("auto", 0), at::Device(at::kCPU));
    EXPECT_THAT(Refusal("cuda"), HasSubstr("no CUDA"));
    EXPECT_THAT(Refusal("cuda:1"), HasSubstr("no CUDA"));
  }
}

TEST(DeviceTest, PassesComputeInBfloat16WhileTheObjectLives) {
  const at::Tensor a = at::ones({2, 2});
  {
    const Bfloat16Passes passes(at::kCPU, true);
    EXPECT_EQ(at::mm(a, a).scalar_type(), at::kBFloat16);
  }
  const Bfloat16Passes off(at::kCPU, false);
  EXPECT_EQ(at::mm(a, a).scalar_type(), at::kFloat);
}

TEST(DeviceTest, DeterministicAlgorithmsCanBeAskedFor) {
  UseDeterministicAlgorithms(true);
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
  UseDeterministicAlgorithms(false);
  EXPECT_FALSE(at::globalContext().deterministicAlgorithms());
}

}  // namespace
}  // namespace unmask
