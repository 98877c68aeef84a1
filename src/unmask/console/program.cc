#include "unmask/console/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/console/help_formatter.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"

namespace unmask {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

// The command whose options were being read.
const CLI::App& Chosen(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : Chosen(*chosen.front());
}

// "Did you mean --threads?" for an argument that begins with dashes.
std::string NearestOption(const CLI::App& app, const std::vector<std::string>& arguments) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const std::string& argument : arguments) {
    if (argument.substr(0, 2) != "--") continue;
    const std::string nearest = NearestName(argument.substr(0, argument.find('=')), known);
    if (!nearest.empty()) return "Did you mean " + nearest + "? ";
  }
  return "";
}

UsageError UsageErrorOf(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& chosen = Chosen(app);
  std::string remedy;
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    remedy = NearestOption(chosen, app.remaining(true));
  }
  std::string name = chosen.get_name();
  for (const CLI::App* parent = chosen.get_parent(); parent != nullptr;
       parent = parent->get_parent()) {
    name = parent->get_name() + " " + name;
  }
  std::string problem = error.what();
  while (!problem.empty() && (problem.back() == '\n' || problem.back() == '.')) problem.pop_back();
  return UsageError(problem, remedy + "See `" + name + " --help`");
}

// Where the caller closed a standard stream, the next file to be opened would take its number, and
// messages would end up in an output. An end of /dev/null that fails takes the place instead.
void OccupyStandardStreams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(number, F_GETFD) != -1) continue;
    const int opened = open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened >= 0 && opened != number) close(opened);
  }
}

}  // namespace

int RunReported(const std::function<int()>& run) {
  OccupyStandardStreams();
  SetVerbosity(Verbosity::kNormal);
  CatchSignals();
  try {
    return run();
  } catch (const Cancelled& e) {
    PrintNote(e.problem());
    return ExitCodeOfSignal();
  } catch (const UsageError& e) {
    PrintError(e);
    return kWrongUsage;
  } catch (const Error& e) {
    PrintError(e);
  } catch (const std::bad_alloc&) {
    PrintError(Error("there is not enough memory", "Give smaller files or fewer --threads"));
  } catch (const std::system_error& e) {
    const bool no_thread = e.code() == std::errc::resource_unavailable_try_again;
    PrintError(
        Error((no_thread ? "cannot start a thread: " : "unexpected: ") + std::string(e.what()),
              no_thread ? "Give fewer --threads or --jobs" : "Please report this"));
  } catch (const std::exception& e) {
    PrintError(Error(std::string("unexpected: ") + e.what(), "Please report this"));
  }
  return kFailed;
}

void DressProgram(CLI::App& app) {
  app.set_version_flag("--version", std::string("unmask ") + kVersion, "print the version");
  app.set_help_flag("-h,--help", "print this help");
  const auto formatter = std::make_shared<HelpFormatter>();
  formatter->label("Positionals", "Arguments");
  app.formatter(formatter);
  AddVerbosityOptions(app);
}

int ParseAndRun(CLI::App& app, int argc, char** argv, const std::function<int()>& run) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    Print(Chosen(app).help());
    return 0;
  } catch (const CLI::CallForVersion& e) {
    Print(std::string(e.what()) + "\n");
    return 0;
  } catch (const CLI::ParseError& e) {
    throw UsageErrorOf(app, e);
  }
  return run();
}

}  // namespace unmask
