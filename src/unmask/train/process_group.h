#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/nn/joint_batch.h"
#include "unmask/train/process_place.h"

namespace unmask {

// Processes that train one network together, each on its share of every batch, connected by
// LibTorch's c10d with Gloo. All must call the operations in the same order.
//
// An operation throws Error as soon as another process failed or was lost, naming it. After that,
// and after Fail(), the group is good for nothing but its destructor.
class ProcessGroup final : public JointBatch {
 public:
  struct Options {
    std::chrono::seconds patience{600};  // for all to join
    // For the others in one operation, unless they say that they are alive. A process that is lost
    // is noticed much earlier; this is for one that is there and does nothing.
    std::chrono::milliseconds longest_wait{std::chrono::minutes(30)};
    // Called once process 0 listens, with its port: starts the others, where this process does so.
    std::function<void(int port)> launch;
    // How a lost process ended, for the message: "was killed by signal 9"; null or empty: unknown.
    // Throwing Error while processes join ends the wait.
    std::function<std::string(int process)> how_it_ended;
    // Called again and again while processes join; what it throws ends that.
    std::function<void()> check;
  };

  // One process alone: every operation returns at once.
  ProcessGroup();

  // Joins. Throws Error naming the processes that did not come in time.
  ProcessGroup(const ProcessPlace& place, const Options& options);

  // Takes leave. A process that ends because of an error calls Fail() before.
  ~ProcessGroup() override;

  const ProcessPlace& place() const { return place_; }
  int rank() const override { return place_.rank; }
  int size() const override { return place_.size; }

  // Tensors of a device are summed in the processor's memory.
  void Sum(const std::vector<at::Tensor>& tensors) override;

  // Whether any process says true.
  bool Any(bool value);

  // What process 0 gives.
  std::string Broadcast(const std::string& bytes);

  // Throws Error in all processes where one differs, naming the first key that does.
  void RequireSame(const Json& object);

  // Process 0, in work of its own that may take long: the others go on waiting.
  void SayAlive() noexcept;

  // Tells the others that this process ends with `error`. Returns the error to report: that of the
  // process that failed first.
  Error Fail(const Error& error) noexcept;

 private:
  struct Impl;
  ProcessPlace place_;
  std::unique_ptr<Impl> impl_;  // null: alone
};

}  // namespace unmask
