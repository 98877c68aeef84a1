#pragma once

#include <functional>
#include <string_view>

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

}  // namespace unmask
