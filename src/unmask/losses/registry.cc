#include <vector>

#include "unmask/base/text.h"
#include "unmask/losses/makers.h"

namespace unmask {
namespace {

constexpr LossKind kLosses[] = {
    {"softmax", "cross-entropy of a linear classifier", MakeSoftmax},
};

}  // namespace

std::span<const LossKind> Losses() { return kLosses; }

const LossKind& FindLoss(std::string_view name) {
  std::vector<std::string> known;
  for (const LossKind& loss : kLosses) {
    if (loss.name == name) return loss;
    known.emplace_back(loss.name);
  }
  ThrowUnknownName("loss", name, known);
}

}  // namespace unmask
