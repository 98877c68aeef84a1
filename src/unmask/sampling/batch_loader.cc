#include "unmask/sampling/batch_loader.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "unmask/base/error.h"

namespace unmask {

BatchLoader::BatchLoader(const PairSource& source, const BatchShare& share, int64_t first,
                         int workers)
    : source_(source), share_(share) {
  if (share_.end < 0) share_.end = share_.pairs;
  if (share_.begin < 0 || share_.begin >= share_.end || share_.end > share_.pairs) {
    throw Error("the pairs " + std::to_string(share_.begin) + " … " + std::to_string(share_.end) +
                " are no share of a batch of " + std::to_string(share_.pairs));
  }
  const auto count = static_cast<size_t>(std::max(1, workers));
  for (size_t i = 0; i < count; ++i) {
    queues_.push_back(std::make_unique<BoundedQueue<Batch>>(2));
  }
  try {
    for (size_t i = 0; i < count; ++i) {
      threads_.emplace_back(&BatchLoader::Work, this, i, first);
    }
  } catch (const std::system_error& e) {
    Stop();
    throw Error(std::string("cannot start the threads that make batches: ") + e.what(),
                "Give fewer --workers");
  }
}

BatchLoader::~BatchLoader() { Stop(); }

void BatchLoader::Stop() {
  for (auto& queue : queues_) queue->Close();
  for (std::thread& thread : threads_) thread.join();
}

void BatchLoader::Work(size_t worker, int64_t first) {
  BoundedQueue<Batch>& queue = *queues_[worker];
  try {
    const auto stride = static_cast<int64_t>(queues_.size());
    for (int64_t number = first + static_cast<int64_t>(worker);; number += stride) {
      Batch made;
      for (int64_t i = share_.begin; i < share_.end; ++i) {
        for (Sample& sample : source_.Make(number * share_.pairs + i)) {
          made.images.push_back(std::move(sample.image));
          made.labels.push_back(sample.label);
        }
      }
      if (!queue.Push(std::move(made))) return;
    }
  } catch (...) {
    queue.Finish(std::current_exception());
  }
}

Batch BatchLoader::Next() {
  std::optional<Batch> batch = queues_[turn_]->Pop();
  if (!batch) throw Error("the stream of batches has ended");
  turn_ = (turn_ + 1) % queues_.size();
  return std::move(*batch);
}

}  // namespace unmask
