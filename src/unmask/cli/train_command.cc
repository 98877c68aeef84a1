#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "unmask/cli/commands.h"
#include "unmask/cli/training_program.h"
#include "unmask/console/output.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// Training needs LibTorch, whose loading every other command would pay for; so it is a program of
// its own, which takes the place of this one.
int Run(const CLI::App& app) {
  std::vector<std::string> arguments = app.remaining();
  std::error_code ignored;
  const fs::path program = TrainingProgram();
  if (!fs::exists(program, ignored)) {
    const bool help = std::any_of(arguments.begin(), arguments.end(),
                                  [](const std::string& a) { return a == "--help" || a == "-h"; });
    if (help) {
      Print(app.help());
      return 0;
    }
    throw Error("the training program " + program.string() + " does not exist",
                "Build with -DUNMASK_TRAINING=ON, which needs LibTorch (run ./setup)");
  }
  for (const char* flag : {"--quiet", "--verbose"}) {  // given in front of the command
    if (app.get_parent()->count(flag) > 0) arguments.insert(arguments.begin(), flag);
  }
  arguments.insert(arguments.begin(), program.string());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execv(program.c_str(), pointers.data());
  throw Error("cannot run " + program.string() + ": " + std::strerror(errno));
}

}  // namespace

std::function<int()> ConfigureTrain(CLI::App& app) {
  app.prefix_command();  // everything, --help too, is for the training program
  app.set_help_flag();
  app.footer(
      "Example:\n"
      "  unmask train faces --out run\n\n"
      "All arguments go to the training program, `unmask-train`, which is built\n"
      "beside this one where LibTorch is installed.");
  return [&app] { return Run(app); };
}

}  // namespace unmask
