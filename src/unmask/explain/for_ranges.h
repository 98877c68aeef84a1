#pragma once

#include <algorithm>
#include <cstddef>
#include <system_error>
#include <thread>
#include <vector>

namespace unmask {

// Calls work(begin, end) for consecutive ranges that together make up 0 … count, in up to
// `threads` threads (0: one per core), and waits. `work` must not throw, and what it writes for an
// item may depend on that item alone: then the result does not depend on the threads. Fewer items
// than `least` stay in the caller's thread.
template <typename Work>
void ForRanges(size_t count, int threads, size_t least, const Work& work) {
  size_t parts = threads > 0 ? static_cast<size_t>(threads)
                             : std::max<size_t>(1, std::thread::hardware_concurrency());
  parts = std::clamp<size_t>(count / std::max<size_t>(1, least), 1, parts);
  const auto end_of = [&](size_t part) { return count * (part + 1) / parts; };
  std::vector<std::thread> helpers;
  size_t begin = end_of(0);
  try {
    for (size_t part = 1; part < parts; ++part) {
      helpers.emplace_back([&work, begin, end = end_of(part)] { work(begin, end); });
      begin = end_of(part);
    }
  } catch (const std::system_error&) {  // no more threads to be had: the caller does the rest
    work(begin, count);
  }
  work(size_t{0}, end_of(0));
  for (std::thread& helper : helpers) helper.join();
}

}  // namespace unmask
