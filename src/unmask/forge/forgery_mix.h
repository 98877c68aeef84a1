#pragma once

#include <span>
#include <string>
#include <vector>

#include "unmask/base/random.h"
#include "unmask/forge/forgery.h"
#include "unmask/forge/registry.h"

namespace unmask {

// Several forgeries, each as often as its weight says.
class ForgeryMix {
 public:
  // "self-blend=4,cross-blend=2,warp": names of the table, each once; a weight that is left out is
  // 1. Throws UsageError for anything else. `table` must outlive the mix.
  explicit ForgeryMix(const std::string& text, std::span<const Forgery> table = Forgeries());

  const Forgery& Draw(Random& random) const;
  bool needs_other_face() const;

  // The text of those that need no face of another person; "" where there are none.
  std::string WithoutOtherFaces() const;

  // What they need besides faces, "NAME: MEANS" of each that needs something, see Forgery::means;
  // "" for nothing. Throws Error where that is missing.
  std::string Means() const;

  // The same for equal mixes, whatever the order and the sum of the weights: "self-blend", or
  // "self-blend=0.8,warp=0.2".
  std::string ToText() const { return TextOf(parts_); }

 private:
  struct Part {
    const Forgery* forgery;
    double share;  // six digits; all together about 1
  };
  static std::string TextOf(const std::vector<Part>& parts);

  std::vector<Part> parts_;  // in the table's order
};

// ForgeryMix::Means() of these rows of the table, which may be none; order and repetitions do not
// matter.
std::string MeansOf(const std::vector<std::string>& forgeries);

}  // namespace unmask
