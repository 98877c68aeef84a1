#pragma once

#include <atomic>

#include "unmask/base/error.h"

namespace unmask {

// A flag that long work polls. Safe to set from a signal handler or another thread.
class CancelToken {
 public:
  void Cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

  // Throws Cancelled once Cancel() was called.
  void Check() const {
    if (cancelled()) throw Cancelled();
  }

 private:
  std::atomic<bool> cancelled_{false};
};

}  // namespace unmask
