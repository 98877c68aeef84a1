#pragma once

#include <cstdint>
#include <vector>

#include "unmask/base/prefetcher.h"
#include "unmask/sampling/pair_source.h"

namespace unmask {

struct Batch {
  std::vector<Image> images;
  std::vector<int> labels;  // 1 = fake; one an image
};

// What of each batch is made here: processes that train together take disjoint shares.
struct BatchShare {
  int64_t pairs = 16;  // of a whole batch
  int64_t begin = 0;   // this process makes the pairs begin … end − 1
  int64_t end = -1;    // −1: `pairs`
};

// Makes the batches of a run ahead of time, in several threads, and hands them out in order:
// batch b holds the pairs b · pairs + begin … b · pairs + end − 1 of the source, whatever the
// number of workers.
class BatchLoader {
 public:
  // `source` must outlive the loader. `first`: the number of the first batch. Throws Error when the
  // share is empty or not within the batch.
  BatchLoader(const PairSource& source, const BatchShare& share, int64_t first, int workers);

  // The share of the next batch, the two faces of each pair in turn. Throws the error of a worker.
  Batch Next() { return batches_.Next(); }

 private:
  Prefetcher<Batch> batches_;
};

}  // namespace unmask
