#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace unmask {

// Help for a terminal of 80 columns: options on the left, wrapped explanations and defaults on the
// right.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* sub) const override;
};

}  // namespace unmask
