#include "unmask/train/schedule.h"

#include <cmath>
#include <numbers>

namespace unmask {

double LearningRateAt(int64_t step, int64_t steps, double highest, double warm_up) {
  const auto rising = static_cast<int64_t>(warm_up * static_cast<double>(steps));
  if (step < rising) {
    return highest * static_cast<double>(step + 1) / static_cast<double>(rising + 1);
  }
  const double done = static_cast<double>(step - rising) / static_cast<double>(steps - rising);
  return highest * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

}  // namespace unmask
