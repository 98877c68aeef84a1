#include "unmask/infer/session_pool.h"

#include <gmock/gmock.h>

#include "unmask/base/error.h"

namespace unmask {
namespace {

const char kNetwork[] = UNMASK_DEPS_DIR "/networks/face_landmark.tflite";

TEST(SessionPoolTest, LendsEachSessionToOneAtATime) {
  SessionPool pool(kNetwork, {.threads = 1});
  const Session* first = nullptr;
  {
    const SessionPool::Loan a = pool.Take(), b = pool.Take();
    first = &*a;
    EXPECT_NE(&*a, &*b);
    EXPECT_EQ(a->inputs().size(), 1u);
  }
  // Those that came back are lent again.
  const SessionPool::Loan c = pool.Take(), d = pool.Take();
  EXPECT_TRUE(&*c == first || &*d == first);
}

TEST(SessionPoolTest, AFileThatIsMissingIsNamedWhenItIsNeeded) {
  SessionPool pool("missing.onnx", {});
  EXPECT_THROW(pool.Take(), Error);
}

}  // namespace
}  // namespace unmask
