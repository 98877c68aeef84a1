#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "unmask/base/cancel.h"

namespace CLI {
class App;
}

namespace unmask {

// A row of the table of commands. `configure` declares the command's options on its own CLI::App
// (help text, examples in the footer) and returns what runs it after parsing: the exit code
// (0 done, 1 failed); it may throw Error.
struct Command {
  std::string_view name;
  std::string_view summary;
  std::function<int()> (*configure)(CLI::App& app);
};

// The only list of commands (commands.cc).
std::span<const Command> Commands();

// Set by Ctrl-C (SIGINT) and SIGTERM; every command hands it to the library.
CancelToken& GlobalCancelToken();

}  // namespace unmask
