#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "unmask/base/bounded_queue.h"
#include "unmask/train/pair_source.h"

namespace unmask {

// Makes the batches of a run ahead of time, in several threads, and hands them out in order:
// batch b holds the pairs b · pairs … (b + 1) · pairs − 1 of the source, whatever the number of
// workers.
class BatchLoader {
 public:
  // `source` must outlive the loader. `first`: the number of the first batch.
  BatchLoader(const PairSource& source, int64_t pairs, int64_t first, int workers);
  ~BatchLoader();

  // The next batch: 2 · pairs images, real and fake in turn. Throws the error of a worker.
  std::vector<Image> Next();

 private:
  void Work(size_t worker, int64_t first);
  void Stop();

  const PairSource& source_;
  const int64_t pairs_;
  std::vector<std::unique_ptr<BoundedQueue<std::vector<Image>>>> queues_;  // one a worker
  std::vector<std::thread> threads_;
  size_t turn_ = 0;
};

}  // namespace unmask
