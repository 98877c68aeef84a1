#include "unmask/base/error.h"

namespace unmask {

Error::Error(const std::string& problem, const std::string& remedy)
    : std::runtime_error(remedy.empty() ? problem : problem + ". " + remedy),
      problem_(problem),
      remedy_(remedy) {}

}  // namespace unmask
