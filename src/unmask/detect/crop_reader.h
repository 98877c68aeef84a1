#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "unmask/base/bounded_queue.h"
#include "unmask/data/crop_store.h"
#include "unmask/detect/classifier.h"

namespace unmask {

// Throws Error when the store's crops show less of the face than the classifier wants.
void CheckCrops(const CropStore& store, const Classifier& classifier);

// Reads crops of a store in several threads and hands them out in batches, in order, each cut down
// to the face scale and the size that a classifier wants.
class CropReader {
 public:
  // `count` crops of the store's size and scale, which `read` gives from any thread; in batches of
  // classifier.batch(). `threads` 0: one per core. Throws Error as CheckCrops() does.
  CropReader(const CropStore& store, size_t count, std::function<Image(size_t)> read,
             const Classifier& classifier, int threads = 0);

  // The stored crops of these records of the store, which must outlive the reader.
  CropReader(const CropStore& store, std::vector<const CropRecord*> records,
             const Classifier& classifier, int threads = 0);
  ~CropReader() { Stop(); }
  CropReader(const CropReader&) = delete;
  CropReader& operator=(const CropReader&) = delete;

  // The crops of the next batch; nothing after the last. Throws Error for a crop that cannot be
  // read.
  std::optional<std::vector<Image>> Next() { return queues_[turn_++ % queues_.size()]->Pop(); }

 private:
  using Queue = BoundedQueue<std::vector<Image>>;

  void Work(size_t worker);
  void Stop();

  const double stored_scale_;
  const size_t count_;
  const std::function<Image(size_t)> read_;
  const AlignmentOptions wanted_;
  const size_t batch_;
  std::vector<std::unique_ptr<Queue>> queues_;  // one a worker
  std::vector<std::thread> threads_;
  size_t turn_ = 0;
};

}  // namespace unmask
