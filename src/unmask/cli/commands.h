#pragma once

#include <functional>

#include "unmask/cli/command.h"

namespace unmask {

// One function a command, each in its own file; commands.cc holds the table.
std::function<int()> ConfigureDetect(CLI::App& app);
std::function<int()> ConfigureForge(CLI::App& app);
std::function<int()> ConfigureModels(CLI::App& app);
std::function<int()> ConfigurePrepare(CLI::App& app);
std::function<int()> ConfigureTrain(CLI::App& app);

}  // namespace unmask
