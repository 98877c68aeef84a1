#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace unmask {

// What the programs (`unmask`, `unmask-train`) have in common.

// Catches signals, runs `run` and reports its errors on standard error. Returns the exit code: what
// `run` returns, 1 after an Error, 2 after a UsageError, 130 or 143 when a signal ended it.
int RunReported(const std::function<int()>& run);

// Gives `app` what every program has: --help, --version, --quiet, --verbose and the look of help.
void DressProgram(CLI::App& app);

// Parses the arguments into `app`, then runs `run`; --help and --version print and return 0. Throws
// UsageError for arguments that `app` does not take, suggesting the nearest option.
int ParseAndRun(CLI::App& app, int argc, char** argv, const std::function<int()>& run);

}  // namespace unmask
