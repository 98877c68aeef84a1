#pragma once

#include <functional>
#include <span>

#include "unmask/console/command.h"

namespace unmask {

// The only list of commands.
std::span<const Command> Commands();

// One function a command, each in its own file; commands.cc holds the table.
std::function<int()> ConfigureDetect(CLI::App& app);
std::function<int()> ConfigureEmbed(CLI::App& app);
std::function<int()> ConfigureEvaluate(CLI::App& app);
std::function<int()> ConfigureExplain(CLI::App& app);
std::function<int()> ConfigureForge(CLI::App& app);
std::function<int()> ConfigureFuse(CLI::App& app);
std::function<int()> ConfigureModels(CLI::App& app);
std::function<int()> ConfigurePrepare(CLI::App& app);
std::function<int()> ConfigureRobustness(CLI::App& app);
std::function<int()> ConfigureStudy(CLI::App& app);
std::function<int()> ConfigureTrain(CLI::App& app);

}  // namespace unmask
