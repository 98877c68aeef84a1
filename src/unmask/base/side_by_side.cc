#include "unmask/base/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "unmask/base/error.h"

namespace unmask {

void RunSideBySide(int jobs, size_t count, const CancelToken* cancel,
                   const std::function<std::function<void(size_t)>()>& make) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const size_t threads = std::min(static_cast<size_t>(jobs > 0 ? jobs : cores), count);
  std::atomic<size_t> next{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      const std::function<void(size_t)> run = make();
      if (!run) return;
      for (size_t i = next++; i < count && !stop; i = next++) {
        if (cancel != nullptr) cancel->Check();
        run(i);
      }
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!failure) failure = std::current_exception();
      stop = true;
    }
  };
  std::vector<std::thread> running;
  try {
    running.reserve(threads);
    for (size_t i = 1; i < threads; ++i) running.emplace_back(work);
  } catch (const std::exception& e) {
    stop = true;
    const std::lock_guard<std::mutex> lock(mutex);
    if (!failure) {
      failure = std::make_exception_ptr(
          ResourceError(std::string("cannot start the jobs: ") + e.what(), "Give fewer --jobs"));
    }
  }
  if (!stop) work();  // this thread is one of them
  for (std::thread& thread : running) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace unmask
