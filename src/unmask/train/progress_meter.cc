#include "unmask/train/progress_meter.h"

#include <algorithm>

namespace unmask {

void ProgressMeter::Add(const StepResult& result, int64_t images, double seconds) {
  steps_.push_back({result, images, seconds});
  if (steps_.size() > static_cast<size_t>(kReportEvery)) steps_.pop_front();
}

TrainProgress ProgressMeter::Report(int64_t step, int64_t steps, int64_t validations) const {
  TrainProgress mean{.step = step, .steps = steps, .validations = validations};
  double images = 0, seconds = 0;
  for (const Step& s : steps_) {
    mean.loss += s.result.loss / static_cast<double>(steps_.size());
    mean.accuracy += s.result.accuracy / static_cast<double>(steps_.size());
    images += static_cast<double>(s.images);
    seconds += s.seconds;
  }
  mean.images_per_second = images / std::max(1e-9, seconds);
  return mean;
}

}  // namespace unmask
