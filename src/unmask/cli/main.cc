#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/command.h"
#include "unmask/cli/help_formatter.h"
#include "unmask/cli/options.h"
#include "unmask/cli/output.h"
#include "unmask/cli/signals.h"

namespace unmask {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

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

// The command whose options were being read.
const CLI::App& Chosen(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : *chosen.front();
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
  const std::string name = &chosen == &app ? "unmask" : "unmask " + chosen.get_name();
  std::string problem = error.what();
  while (!problem.empty() && (problem.back() == '\n' || problem.back() == '.')) problem.pop_back();
  return UsageError(problem, remedy + "See `" + name + " --help`");
}

int Run(int argc, char** argv) {
  CheckCommandName(argc, argv);
  CLI::App app("Says whether the faces in a video are real or manipulated.", "unmask");
  app.set_version_flag("--version", std::string("unmask ") + kVersion, "print the version");
  app.require_subcommand(1);
  auto formatter = std::make_shared<HelpFormatter>();
  formatter->label("Positionals", "Arguments");
  app.formatter(formatter);
  app.set_help_flag("-h,--help", "print this help");
  app.footer("`unmask COMMAND --help` explains a command and gives an example.");
  AddVerbosityOptions(app);
  std::function<int()> chosen;
  for (const Command& command : Commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    sub->group("Commands");
    std::function<int()> run = command.configure(*sub);
    if (!sub->get_prefix_command()) AddVerbosityOptions(*sub);
    sub->final_callback([&chosen, run = std::move(run)] { chosen = run; });
  }
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
  return chosen();
}

int RunAndReport(int argc, char** argv) {
  try {
    return Run(argc, argv);
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
  } catch (const std::exception& e) {
    PrintError(Error(std::string("unexpected: ") + e.what(), "Please report this"));
  }
  return kFailed;
}

}  // namespace
}  // namespace unmask

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    return std::printf("unmask %s\n", unmask::kVersion) > 0 && std::fflush(stdout) == 0 ? 0 : 1;
  }
  unmask::SetVerbosity(unmask::Verbosity::kNormal);
  unmask::CatchSignals();
  return unmask::RunAndReport(argc, argv);
}
