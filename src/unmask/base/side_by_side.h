#pragma once

#include <cstddef>
#include <functional>

#include "unmask/base/cancel.h"

namespace unmask {

// Calls `make` once in each of `jobs` threads (0: one per core), of which this is one, and what it
// returned for every number below `count`, each once. The first exception ends the work and is
// thrown here. A thread for which `make` returned nothing does nothing.
void RunSideBySide(int jobs, size_t count, const CancelToken* cancel,
                   const std::function<std::function<void(size_t)>()>& make);

}  // namespace unmask
