#pragma once

// For .cc files of `prepare` only.

#include <atomic>
#include <memory>
#include <optional>

#include "unmask/base/bounded_queue.h"
#include "unmask/base/cancel.h"
#include "unmask/data/crop_store_writer.h"
#include "unmask/data/prepare.h"

namespace unmask {

// What workers report: a face of a file, or (without a face) what came of the file.
struct PrepareReport {
  size_t file = 0;
  std::optional<PackedFace> face;
  int64_t tracks = 0;
  std::string failure;
  std::string remedy;
};

// Looks at files, one after the other, with networks of its own.
class PrepareWorker {
 public:
  // `stop`: the work is given up as soon as it is set.
  PrepareWorker(const PrepareOptions& options, int threads, const CancelToken* cancel,
                const std::atomic<bool>& stop, BoundedQueue<PrepareReport>& reports);
  ~PrepareWorker();

  // Reports the faces of `input` in the order of tracks, then its end. Throws Cancelled.
  void Look(size_t file, const PrepareInput& input);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unmask
