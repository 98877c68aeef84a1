#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "unmask/base/bounded_queue.h"
#include "unmask/base/error.h"

namespace unmask {

// Makes the items of a numbered endless stream ahead of time, in several threads, and hands them
// out in order, whatever the number of threads.
template <typename Item>
class Prefetcher {
 public:
  // `make` is called by several threads at once. `first`: the number of the first item; fewer than
  // one worker count as one. Throws Error where the threads cannot be started.
  Prefetcher(std::function<Item(int64_t number)> make, int64_t first, int workers)
      : make_(std::move(make)) {
    const auto count = static_cast<size_t>(std::max(1, workers));
    for (size_t i = 0; i < count; ++i) {
      queues_.push_back(std::make_unique<BoundedQueue<Item>>(2));
    }
    try {
      for (size_t i = 0; i < count; ++i) threads_.emplace_back(&Prefetcher::Work, this, i, first);
    } catch (const std::exception& e) {
      Stop();
      throw ResourceError(std::string("cannot start the threads that make batches: ") + e.what(),
                          "Give fewer --workers");
    }
  }
  ~Prefetcher() { Stop(); }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // The next item. Throws what `make` threw.
  Item Next() {
    std::optional<Item> item = queues_[turn_]->Pop();
    if (!item) throw Error("the stream of batches has ended");
    turn_ = (turn_ + 1) % queues_.size();
    return std::move(*item);
  }

 private:
  void Work(size_t worker, int64_t first) {
    BoundedQueue<Item>& queue = *queues_[worker];
    try {
      const auto stride = static_cast<int64_t>(queues_.size());
      for (int64_t number = first + static_cast<int64_t>(worker);; number += stride) {
        if (!queue.Push(make_(number))) return;
      }
    } catch (...) {
      queue.Finish(std::current_exception());
    }
  }

  void Stop() {
    for (auto& queue : queues_) queue->Close();
    for (std::thread& thread : threads_) thread.join();
  }

  const std::function<Item(int64_t)> make_;
  std::vector<std::unique_ptr<BoundedQueue<Item>>> queues_;  // one a worker
  std::vector<std::thread> threads_;
  size_t turn_ = 0;
};

}  // namespace unmask
