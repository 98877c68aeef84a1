#include "unmask/detect/crop_reader.h"

#include <algorithm>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/sampling/augment.h"

namespace unmask {

void CheckCrops(const CropStore& store, const Classifier& classifier) {
  const double wanted = classifier.alignment().scale;
  if (store.info.crop_scale >= wanted - 1e-6) return;
  throw Error(store.path.string() + ": its crops show the face at scale " +
                  FormatFixed(store.info.crop_scale, 2) + ", less than the " +
                  FormatFixed(wanted, 2) + " that the model " + classifier.metadata().name +
                  " wants",
              "Prepare the files again with --crop-scale " + FormatFixed(wanted, 2));
}

CropReader::CropReader(const CropStore& store, std::vector<const CropRecord*> records,
                       const Classifier& classifier, int threads)
    : CropReader(
          store, records.size(),
          [&store, records](size_t i) { return store.ReadCrop(*records[i]); }, classifier,
          threads) {}

CropReader::CropReader(const CropStore& store, size_t count, std::function<Image(size_t)> read,
                       const Classifier& classifier, int threads)
    : stored_scale_(store.info.crop_scale),
      count_(count),
      read_(std::move(read)),
      wanted_(classifier.alignment()),
      batch_(static_cast<size_t>(classifier.batch())) {
  CheckCrops(store, classifier);
  if (threads <= 0) threads = static_cast<int>(std::thread::hardware_concurrency());
  const auto workers = static_cast<size_t>(std::clamp(threads, 1, 64));
  for (size_t w = 0; w < workers; ++w) queues_.push_back(std::make_unique<Queue>(2));
  try {
    for (size_t w = 0; w < workers; ++w) threads_.emplace_back(&CropReader::Work, this, w);
  } catch (const std::system_error& e) {
    Stop();
    throw Error(std::string("cannot start the threads that read crops: ") + e.what(),
                "Give fewer --threads");
  }
}

// Worker w reads the batches w, w + workers, …
void CropReader::Work(size_t worker) {
  Queue& queue = *queues_[worker];
  try {
    const AugmentOptions view{.strength = 0,
                              .output_size = wanted_.size,
                              .input_scale = stored_scale_,
                              .output_scale = wanted_.scale};
    const size_t stride = batch_ * queues_.size();
    for (size_t begin = worker * batch_; begin < count_; begin += stride) {
      std::vector<Image> crops;
      for (size_t i = begin; i < std::min(begin + batch_, count_); ++i) {
        crops.push_back(CentreCrop(read_(i), view));
      }
      if (!queue.Push(std::move(crops))) return;
    }
    queue.Finish();
  } catch (...) {
    queue.Finish(std::current_exception());
  }
}

void CropReader::Stop() {
  for (auto& queue : queues_) queue->Close();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace unmask
