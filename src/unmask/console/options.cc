#include "unmask/console/options.h"

#include <CLI/CLI.hpp>

#include "unmask/console/output.h"

namespace unmask {

void AddThreadsOption(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "processor threads; 0: one per core")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024).description(""));
}

void AddJsonOption(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "print the results as JSON on standard output");
}

void AddVerbosityOptions(CLI::App& app) {
  app.add_flag_callback(
      "-q,--quiet", [] { SetVerbosity(Verbosity::kQuiet); }, "errors only, no progress");
  app.add_flag_callback(
      "-v,--verbose", [] { SetVerbosity(Verbosity::kVerbose); }, "all that the libraries say");
}

}  // namespace unmask
