#include "unmask/sampling/batch_loader.h"

#include <string>
#include <utility>

#include "unmask/base/error.h"

namespace unmask {
namespace {

BatchShare Checked(BatchShare share) {
  if (share.end < 0) share.end = share.pairs;
  if (share.begin < 0 || share.begin >= share.end || share.end > share.pairs) {
    throw Error("the pairs " + std::to_string(share.begin) + " … " + std::to_string(share.end) +
                " are no share of a batch of " + std::to_string(share.pairs));
  }
  return share;
}

Batch MakeBatch(const PairSource& source, const BatchShare& share, int64_t number) {
  Batch made;
  for (int64_t i = share.begin; i < share.end; ++i) {
    for (Sample& sample : source.Make(number * share.pairs + i)) {
      made.images.push_back(std::move(sample.image));
      made.labels.push_back(sample.label);
    }
  }
  return made;
}

}  // namespace

BatchLoader::BatchLoader(const PairSource& source, const BatchShare& share, int64_t first,
                         int workers)
    : batches_([&source, checked = Checked(share)](
                   int64_t number) { return MakeBatch(source, checked, number); },
               first, workers) {}

}  // namespace unmask
