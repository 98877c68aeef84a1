#pragma once

#include <atomic>

#include "unmask/base/error.h"

namespace unmask {

// A flag that long work polls. Safe to set from a signal handler or another thread.
class CancelToken {
 public:
  CancelToken() = default;

  // Of a part of some work: set as soon as `whole`, which must outlive it, is. May be null.
  explicit CancelToken(const CancelToken* whole) : whole_(whole) {}

  void Cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept {
    return cancelled_.load(std::memory_order_relaxed) || (whole_ != nullptr && whole_->cancelled());
  }

  // Throws Cancelled once Cancel() was called.
  void Check() const {
    if (cancelled()) throw Cancelled();
  }

 private:
  const CancelToken* whole_ = nullptr;
  std::atomic<bool> cancelled_{false};
};

}  // namespace unmask
