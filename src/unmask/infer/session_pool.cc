#include "unmask/infer/session_pool.h"

#include <utility>

namespace unmask {

SessionPool::Loan SessionPool::Take() {
  std::unique_ptr<Session> session;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      session = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (session == nullptr) session = std::make_unique<Session>(path_, options_);
  return {*this, std::move(session)};
}

void SessionPool::GiveBack(std::unique_ptr<Session> session) {
  const std::lock_guard<std::mutex> lock(mutex_);
  idle_.push_back(std::move(session));
}

}  // namespace unmask
