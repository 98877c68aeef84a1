#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace unmask {

// Adds the command `dataset` below `unmask forge`. Returns what runs it.
std::function<int()> ConfigureForgeDataset(CLI::App& app);

}  // namespace unmask
