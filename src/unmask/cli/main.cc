#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/console/options.h"
#include "unmask/console/program.h"

namespace unmask {
namespace {

// A mistyped command, before the parser calls it an unexpected argument.
void CheckCommandName(int argc, char** argv) {
  if (argc < 2) throw UsageError("no command is given", "See `unmask --help`");
  if (argv[1][0] == '-') return;
  std::vector<std::string> known;
  for (const Command& command : Commands()) {
    if (command.name == argv[1]) return;
    known.emplace_back(command.name);
  }
  ThrowUnknownName("command", argv[1], known);
}

int Run(int argc, char** argv) {
  CheckCommandName(argc, argv);
  CLI::App app("Says whether the faces in a video are real or manipulated.", "unmask");
  DressProgram(app);
  app.require_subcommand(1);
  app.footer("`unmask COMMAND --help` explains a command and gives an example.");
  std::function<int()> chosen;
  for (const Command& command : Commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    sub->group("Commands");
    std::function<int()> run = command.configure(*sub);
    if (!sub->get_prefix_command()) AddVerbosityOptions(*sub);
    sub->final_callback([&chosen, run = std::move(run)] { chosen = run; });
  }
  return ParseAndRun(app, argc, argv, [&chosen] { return chosen(); });
}

}  // namespace
}  // namespace unmask

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    return std::printf("unmask %s\n", unmask::kVersion) > 0 && std::fflush(stdout) == 0 ? 0 : 1;
  }
  // Pictures are made and dropped all the time: memory that goes back to the system each time must
  // be cleared anew each time.
  mallopt(M_MMAP_THRESHOLD, 256 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  // What is dropped stays with the arena that it came from: fewer are fuller.
  mallopt(M_ARENA_MAX, std::max(2, static_cast<int>(std::thread::hardware_concurrency())));
  const int code = unmask::RunReported([&] { return unmask::Run(argc, argv); });
  // All is written and released by now; to take the libraries down would only take time.
  std::fflush(nullptr);
  std::_Exit(code);
}
