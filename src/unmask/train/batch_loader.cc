#include "unmask/train/batch_loader.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "unmask/base/error.h"

namespace unmask {

BatchLoader::BatchLoader(const PairSource& source, int64_t pairs, int64_t first, int workers)
    : source_(source), pairs_(pairs) {
  const auto count = static_cast<size_t>(std::max(1, workers));
  for (size_t i = 0; i < count; ++i) {
    queues_.push_back(std::make_unique<BoundedQueue<std::vector<Image>>>(2));
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
  BoundedQueue<std::vector<Image>>& queue = *queues_[worker];
  try {
    const auto stride = static_cast<int64_t>(queues_.size());
    for (int64_t batch = first + static_cast<int64_t>(worker);; batch += stride) {
      std::vector<Image> images;
      images.reserve(static_cast<size_t>(2 * pairs_));
      for (int64_t i = 0; i < pairs_; ++i) {
        PairSource::Pair pair = source_.Make(batch * pairs_ + i);
        images.push_back(std::move(pair.real));
        images.push_back(std::move(pair.fake));
      }
      if (!queue.Push(std::move(images))) return;
    }
  } catch (...) {
    queue.Finish(std::current_exception());
  }
}

std::vector<Image> BatchLoader::Next() {
  std::optional<std::vector<Image>> batch = queues_[turn_]->Pop();
  if (!batch) throw Error("the stream of batches has ended");
  turn_ = (turn_ + 1) % queues_.size();
  return std::move(*batch);
}

}  // namespace unmask
