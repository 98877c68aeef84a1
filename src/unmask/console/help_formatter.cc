#include "unmask/console/help_formatter.h"

#include <algorithm>
#include <sstream>

namespace unmask {
namespace {

constexpr size_t kTextColumn = 26;
constexpr size_t kWidth = 80;

// What stands for the value: "--label real|fake", "--threads N".
std::string ValueName(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (const size_t choices = type.find('{'); choices != std::string::npos) {
    std::string text = type.substr(choices + 1, type.find('}') - choices - 1);
    std::replace(text.begin(), text.end(), ',', '|');
    return text;
  }
  if (type.rfind("INT", 0) == 0 || type.rfind("UINT", 0) == 0) return "N";
  if (type.rfind("FLOAT", 0) == 0) return "X";
  return type;
}

// `left`, then `text` in its own column, wrapped between words; "\n" in it begins a new line.
std::string Row(const std::string& left, const std::string& text) {
  std::string row = "  " + left;
  size_t column = left.size() + 2;
  const auto break_line = [&] {
    row += "\n" + std::string(kTextColumn, ' ');
    column = kTextColumn;
  };
  if (column + 1 > kTextColumn) {
    break_line();
  } else {
    row += std::string(kTextColumn - column, ' ');
    column = kTextColumn;
  }
  std::istringstream lines(text);
  std::string line;
  for (bool first = true; std::getline(lines, line); first = false) {
    if (!first) break_line();
    std::istringstream words(line);
    std::string word;
    while (words >> word) {
      if (column > kTextColumn && column + 1 + word.size() > kWidth) break_line();
      if (column > kTextColumn) word.insert(0, " ");
      row += word;
      column += word.size();
    }
  }
  return row + "\n";
}

}  // namespace

std::string HelpFormatter::make_usage(const CLI::App* app, std::string) const {
  std::string path = app->get_name();
  for (const CLI::App* parent = app->get_parent(); parent != nullptr;
       parent = parent->get_parent()) {
    path = parent->get_name() + " " + path;
  }
  std::string arguments;
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_positional()) arguments += " " + make_option_usage(option);
  }
  const bool has_commands = !app->get_subcommands({}).empty();
  std::string usage = "\nUsage: " + path;
  if (has_commands && arguments.empty()) return usage + " COMMAND …\n";
  usage += " [OPTIONS]" + arguments + "\n";
  return has_commands ? usage + "       " + path + " COMMAND …\n" : usage;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string left = option->get_name(is_positional, !is_positional);
  std::string text = option->get_description();
  if (!is_positional && option->get_type_size() != 0) {
    left += " " + ValueName(*option);
    if (option->get_required()) text += " (required)";
    if (!option->get_default_str().empty()) text += " (default " + option->get_default_str() + ")";
  }
  return Row(left, text);
}

std::string HelpFormatter::make_subcommand(const CLI::App* sub) const {
  return Row(sub->get_name(), sub->get_description());
}

}  // namespace unmask
