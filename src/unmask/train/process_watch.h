#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "unmask/base/error.h"

namespace unmask {

// Notices within seconds when one of several processes ends before its time, and tells the others
// which and why. Process 0 holds a connection to every other; a connection that ends without a
// farewell is a process that was lost. Keep-alive probes find machines that vanished.
//
// Thread-safe.
class ProcessWatch {
 public:
  // Names a lost process and how it ended: "process 2 (…) was killed".
  using Describe = std::function<std::string(int process)>;

  // Process 0: listens on port().
  static std::unique_ptr<ProcessWatch> Listen(Describe describe);
  // Process `rank` > 0. Throws Error when process 0 cannot be reached within `patience`.
  static std::unique_ptr<ProcessWatch> Connect(const std::string& address, int port, int rank,
                                               std::chrono::milliseconds patience,
                                               Describe describe);
  ~ProcessWatch();

  int port() const;  // of process 0

  // Why all must end, once one has failed or was lost.
  std::optional<Error> failure() const;

  // Waits for a failure, at most so long.
  std::optional<Error> WaitForFailure(std::chrono::milliseconds patience) const;

  // When another process last said that it is at work; at first the time of joining.
  std::chrono::steady_clock::time_point last_sign() const;

  // Process 0: says so to all others.
  void SayAlive() noexcept;

  // Tells all others that this process ends with `error`. False, and nothing done, when there was a
  // failure already.
  bool Fail(const Error& error) noexcept;

  // This process ends in good order: its connections may close.
  void Leave() noexcept;

 private:
  struct Impl;
  explicit ProcessWatch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace unmask
