#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/model/metadata.h"

namespace unmask {

// The number whose causes are shown, a function of the logits before calibration.
enum class ExplainedTarget {
  // The logarithm of P(fake) / P(not fake), z_fake − log Σ e^(z_other): what the verdict rests on.
  // With two classes the difference of the logits. Shift-invariant as the probability is; the logit
  // of one class alone may rise while the probability of that class falls.
  kMargin,
  kFake,  // z_fake alone, as Grad-CAM was published
  kReal   // the logarithm of Σ e^(z_other) over the classes that are not fake; with two z_real
};

// "margin", "fake", "real". Throws UsageError suggesting the nearest name.
ExplainedTarget ExplainedTargetFromName(std::string_view name);
std::string_view NameOf(ExplainedTarget target);

struct ExplainedScore {
  ExplainedTarget target = ExplainedTarget::kMargin;
  int fake_class = 1;

  // A single logit speaks of class 1; the other class has then the logit 0.
  double Value(std::span<const double> logits) const;

  // ∂ Value / ∂ logits, as many as `logits`.
  std::vector<double> Gradient(std::span<const double> logits) const;
};

}  // namespace unmask
