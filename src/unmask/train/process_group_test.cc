#include "unmask/train/process_group.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "unmask/nn/joint_norm.h"
#include "unmask/train/test_processes.h"

namespace unmask {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

// What each of `count` processes reports when `work` ends in an error.
std::vector<std::string> ErrorsOf(
    int count, const std::function<void(ProcessGroup&)>& work,
    std::chrono::milliseconds longest_wait = std::chrono::minutes(2)) {
  std::vector<std::string> errors(static_cast<size_t>(count));
  const auto noted = [&](ProcessGroup& group) {
    try {
      work(group);
    } catch (const Error& e) {
      errors[static_cast<size_t>(group.rank())] = group.Fail(e).what();
    }
  };
  RunTogether(count, noted, longest_wait);
  return errors;
}

TEST(ProcessGroupTest, OneAloneDoesNothing) {
  ProcessGroup alone;
  const at::Tensor x = at::ones({2, 2});
  alone.Sum({x});
  EXPECT_TRUE(x.equal(at::ones({2, 2})));
  EXPECT_TRUE(alone.Gather(x).equal(x));
  EXPECT_TRUE(alone.Any(true));
  EXPECT_FALSE(alone.Any(false));
  EXPECT_EQ(alone.Broadcast("text"), "text");
  EXPECT_STREQ(alone.Fail(Error("broken")).what(), Error("broken").what());
}

TEST(ProcessGroupTest, SumsGathersAndBroadcasts) {
  RunTogether(3, [](ProcessGroup& group) {
    const double own = group.rank() + 1;
    // Several buckets, several types, channels last and not.
    const at::Tensor large = at::full({3 << 20, 4}, own, at::kFloat);
    const at::Tensor filters = at::arange(24).to(at::kFloat).view({2, 3, 2, 2}) * own;
    const at::Tensor last = filters.contiguous(at::MemoryFormat::ChannelsLast).clone();
    const at::Tensor counts = at::full({2}, group.rank(), at::kLong);
    const at::Tensor none = at::zeros({0, 3});
    const at::Tensor expected = filters / own * 6;
    group.Sum({filters, large, last, counts, none});
    EXPECT_TRUE(large.eq(6).all().item<bool>());
    EXPECT_TRUE(filters.allclose(expected));
    EXPECT_TRUE(last.allclose(expected));
    EXPECT_TRUE(counts.eq(3).all().item<bool>());

    const at::Tensor rows = group.Gather(at::full({2, 3}, own));
    EXPECT_EQ(rows.size(0), 6);
    EXPECT_TRUE(rows.select(1, 0).equal(at::tensor({1., 1., 2., 2., 3., 3.}, at::kFloat)));

    EXPECT_TRUE(group.Any(group.rank() == 2));
    EXPECT_FALSE(group.Any(false));
    EXPECT_EQ(group.Broadcast(group.rank() == 0 ? std::string("a\0b", 3) : "other"),
              std::string("a\0b", 3));
    EXPECT_EQ(group.Broadcast(group.rank() == 0 ? "" : "other"), "");
    EXPECT_NO_THROW(group.RequireSame({{"a", 1}, {"b", 2}}));
  });
}

TEST(ProcessGroupTest, DifferencesAreNamedInAllProcesses) {
  const auto errors = ErrorsOf(3, [](ProcessGroup& group) {
    group.RequireSame({{"steps", 5}, {"rate", group.rank() == 1 ? 0.5 : 0.1}});
  });
  EXPECT_THAT(errors,
              Each(AllOf(HasSubstr("process 1"), HasSubstr("rate = 0.5"), HasSubstr("0.1"))));
  // What process 0 does not have at all is one, too.
  EXPECT_THAT(ErrorsOf(2,
                       [](ProcessGroup& group) {
                         Json options = {{"steps", 5}};
                         if (group.rank() == 1) options["strength"] = 0;
                         group.RequireSame(options);
                       }),
              Each(AllOf(HasSubstr("process 1"), HasSubstr("strength = 0"))));
}

TEST(ProcessGroupTest, AnErrorInOneEndsAll) {
  const auto errors = ErrorsOf(3, [](ProcessGroup& group) {
    if (group.rank() == 2) throw Error("a face cannot be read", "Look at the disk");
    while (!group.Any(false)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_THAT(errors, Each(AllOf(HasSubstr("a face cannot be read"), HasSubstr("the disk"))));
  EXPECT_THAT(errors[0], HasSubstr("process 2"));
  EXPECT_THAT(errors[1], HasSubstr("process 2"));
}

TEST(ProcessGroupTest, AProcessThatHangsIsNotWaitedForForever) {
  using std::chrono::milliseconds;
  const auto hanging = [](ProcessGroup& group) {
    if (group.rank() == 1) std::this_thread::sleep_for(milliseconds(1500));
    // Twice: of threads, which share their memory, the first still completes.
    for (int i = 0; i < 2; ++i) group.Any(false);
  };
  EXPECT_THAT(ErrorsOf(2, hanging, milliseconds(1000)), Each(HasSubstr("hangs")));
  // One that says that it is at work is.
  const auto working = [](ProcessGroup& group) {
    for (int i = 0; i < 15 && group.rank() == 0; ++i) {
      std::this_thread::sleep_for(milliseconds(100));
      group.SayAlive();
    }
    group.Any(false);
  };
  EXPECT_THAT(ErrorsOf(2, working, milliseconds(1000)), Each(std::string()));
}

TEST(ProcessGroupTest, ACancelEndsTheWaitForOthers) {
  ProcessGroup::Options options;
  options.check = [] { throw Cancelled(); };
  EXPECT_THROW(ProcessGroup({.rank = 0, .size = 2}, options), Cancelled);
}

TEST(ProcessGroupTest, WhoDoesNotComeIsNamed) {
  ProcessGroup::Options options;
  options.patience = std::chrono::seconds(1);
  try {
    const ProcessGroup group({.rank = 0, .size = 3}, options);
    FAIL() << "joined";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("1, 2"));
  }
  EXPECT_THROW(ProcessGroup({.rank = 1, .size = 2, .port = 1}, options), Error);
}

// Batch normalisation of a joint batch against LibTorch's own of the whole. `type`: of the data;
// weights and statistics are in float32 where that is bf16.
void ExpectTheNormOfTheWholeBatch(at::ScalarType type, double tolerance) {
  at::manual_seed(1);
  const auto random = [](at::IntArrayRef shape) { return at::randn(shape, at::kDouble); };
  const at::Tensor x = random({6, 5, 3, 2}) * 3 + 2, dy = random({6, 5, 3, 2});
  const at::Tensor weight = random({5}), bias = random({5});
  const at::ScalarType of_weights = type == at::kBFloat16 ? at::kFloat : type;
  const auto leaf = [](const at::Tensor& t, at::ScalarType as) {
    return t.to(as, /*non_blocking=*/false, /*copy=*/true).set_requires_grad(true);
  };

  const at::Tensor x0 = leaf(x, at::kDouble), weight0 = leaf(weight, at::kDouble),
                   bias0 = leaf(bias, at::kDouble);
  at::Tensor mean0 = at::zeros({5}, at::kDouble), variance0 = at::ones({5}, at::kDouble);
  const at::Tensor y0 =
      at::batch_norm(x0, weight0, bias0, mean0, variance0, true, 0.1, 1e-3, false);
  (y0 * dy).sum().backward();

  RunTogether(3, [&](ProcessGroup& group) {
    const int64_t begin = 2 * group.rank();
    const at::Tensor own = leaf(x.narrow(0, begin, 2), type);
    const at::Tensor w = leaf(weight, of_weights), b = leaf(bias, of_weights);
    const at::Tensor mean = at::zeros({5}, of_weights), variance = at::ones({5}, of_weights);
    const at::Tensor y = JointBatchNorm(own, w, b, mean, variance, 0.1, 1e-3, group);
    EXPECT_EQ(y.scalar_type(), type);
    (y * dy.narrow(0, begin, 2).to(type)).sum().backward();
    const auto expect_near = [&](const char* what, const at::Tensor& one, const at::Tensor& other) {
      const double scale = other.abs().max().item<double>();
      EXPECT_LT((one.to(at::kDouble) - other).abs().max().item<double>(), tolerance * scale)
          << what;
    };
    expect_near("y", y, y0.narrow(0, begin, 2));
    expect_near("x", own.grad(), x0.grad().narrow(0, begin, 2));
    expect_near("mean", mean, mean0);
    expect_near("variance", variance, variance0);
    group.Sum({w.grad(), b.grad()});
    expect_near("weight", w.grad(), weight0.grad());
    expect_near("bias", b.grad(), bias0.grad());
  });
}

TEST(JointNormTest, IsTheNormOfTheWholeBatch) {
  ExpectTheNormOfTheWholeBatch(at::kDouble, 1e-10);
  ExpectTheNormOfTheWholeBatch(at::kBFloat16, 0.03);
}

}  // namespace
}  // namespace unmask
