#pragma once

// For tests: threads that stand for processes.

#include <exception>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "unmask/train/process_group.h"

namespace unmask {

// Calls `work` in `count` threads, each with its place in one group, as processes would. Rethrows
// what the first of them threw.
inline void RunTogether(int count, const std::function<void(ProcessGroup&)>& work,
                        std::chrono::milliseconds longest_wait = std::chrono::minutes(2)) {
  std::promise<int> port;
  const std::shared_future<int> opened = port.get_future().share();
  std::vector<std::exception_ptr> errors(static_cast<size_t>(count));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < count; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        ProcessPlace place{.rank = rank, .size = count, .local_rank = rank, .local_size = count};
        ProcessGroup::Options options;
        options.patience = std::chrono::seconds(60);
        options.longest_wait = longest_wait;
        if (rank == 0) {
          options.launch = [&](int number) { port.set_value(number); };
        } else {
          place.port = opened.get();
        }
        ProcessGroup group(place, options);
        try {
          work(group);
        } catch (const Error& e) {
          throw group.Fail(e);
        }
      } catch (...) {
        errors[static_cast<size_t>(rank)] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace unmask
