#include "unmask/train_cli/config_file.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/base/toml.h"
#include "unmask/losses/registry.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kLossTables[] = "loss-options";
constexpr char kDegradationTables[] = "degradations";
constexpr char kSummary[] = "summary";

// "learning-rate", "stores".
std::string KeyOf(const CLI::Option& option) {
  if (!option.get_lnames().empty()) return option.get_lnames().front();
  std::string name = option.get_name(/*positional=*/true);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

// What CLI11 knows of an option's type.
bool IsFlag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }
bool IsList(const CLI::Option& option) { return option.get_items_expected_max() > 1; }
bool HasType(const CLI::Option& option, const char* type) {
  return option.get_type_name().find(type) != std::string::npos;
}
bool IsWhole(const CLI::Option& option) { return HasType(option, "INT"); }  // and UINT
bool IsNumber(const CLI::Option& option) { return IsWhole(option) || HasType(option, "FLOAT"); }

// One value as the command line would have it. Throws UsageError for another type than the
// option's.
std::string ArgumentOf(const TomlTable& table, const std::string& key, const CLI::Option& option,
                       const Json& value) {
  const std::string which = IsList(option) ? "must be a list of " : "must be a ";
  const std::string s = IsList(option) ? "s" : "";
  if (IsWhole(option)) {
    if (!value.is_number_integer()) table.Refuse(key, which + "whole number" + s);
  } else if (IsNumber(option)) {
    if (!value.is_number()) table.Refuse(key, which + "number" + s);
  } else {
    if (!value.is_string()) table.Refuse(key, which + "text" + s + " in quotes");
    return value.get<std::string>();
  }
  return value.dump();
}

std::vector<std::string> ArgumentsOf(const TomlTable& table, const std::string& key,
                                     const CLI::Option& option) {
  const Json value = table.Value(key);
  if (IsFlag(option)) {
    if (!value.is_boolean()) table.Refuse(key, "must be true or false");
    return value.get<bool>() ? std::vector<std::string>{"true"} : std::vector<std::string>{};
  }
  if (!IsList(option)) return {ArgumentOf(table, key, option, value)};
  if (!value.is_array()) table.Refuse(key, "must be a list in [brackets]");
  std::vector<std::string> arguments;
  for (const Json& element : value) {
    arguments.push_back(ArgumentOf(table, key, option, element));
  }
  const auto count = static_cast<int>(arguments.size());
  if (count > 0 && count < option.get_items_expected_min()) {
    table.Refuse(key, "needs " + std::to_string(option.get_items_expected_min()) + " values");
  }
  return arguments;
}

// As if the command line had given it.
void Fill(const TomlTable& table, const std::string& key, CLI::Option& option) {
  const std::vector<std::string> arguments = ArgumentsOf(table, key, option);
  if (option.count() > 0 || arguments.empty()) return;
  try {
    option.add_result(arguments);
    option.run_callback();
  } catch (const CLI::Error& e) {
    table.Refuse(key, std::string("cannot be taken (") + e.what() + ")");
  }
}

std::map<std::string, std::string> ReadLossTable(const TomlTable& table, const LossKind& loss) {
  std::vector<std::string> known;
  for (const LossParameter& p : loss.maker.parameters()) known.push_back(p.name);
  table.RefuseUnknownKeys(known);
  std::map<std::string, std::string> options;
  for (const std::string& key : table.keys()) {
    const Json value = table.Value(key);
    try {
      ResolveLossOptions(loss, {{key, value}});
    } catch (const UsageError& e) {
      table.Refuse(key, "cannot be taken (" + e.problem() + ")", e.remedy());
    }
    options[key] = value.dump();
  }
  return options;
}

void ReadLossTables(const TomlTable& table, TrainArguments& arguments) {
  std::vector<std::string> known;
  for (const LossKind& loss : Losses()) known.emplace_back(loss.name);
  table.RefuseUnknownKeys(known);
  for (const std::string& key : table.keys()) {
    arguments.loss_tables[key] = ReadLossTable(table.Table(key), FindLoss(key));
  }
}

// A value of the command line as TOML.
Json ValueOf(const CLI::Option& option, const std::string& text) {
  if (HasType(option, "UINT")) return std::strtoull(text.c_str(), nullptr, 0);
  if (IsWhole(option)) return std::strtoll(text.c_str(), nullptr, 0);
  if (IsNumber(option)) return static_cast<double>(std::strtold(text.c_str(), nullptr));
  std::error_code error;
  // A file, or a name such as "default", which may be that of a folder, too.
  const bool is_file = HasType(option, "FILE") && fs::is_regular_file(text, error);
  if (!text.empty() && (HasType(option, "FOLDER") || is_file)) {
    return fs::absolute(text).lexically_normal().string();
  }
  return text;
}

// `key = value` with its help above; commented out where there is no value.
std::string FormatOption(const CLI::Option& option) {
  const std::string key = FormatTomlKey(KeyOf(option));
  const std::string help = "# " + option.get_description() + "\n";
  if (IsFlag(option)) return help + key + " = " + (option.as<bool>() ? "true" : "false") + "\n";
  if (IsList(option)) {
    Json values = Json::array();
    for (const std::string& text : option.results()) values.push_back(ValueOf(option, text));
    return help + (values.empty() ? "# " : "") + key + " = " + FormatTomlValue(values) + "\n";
  }
  const std::string text = option.count() > 0 ? option.results().back() : option.get_default_str();
  const Json value = ValueOf(option, text);
  return help + (text.empty() ? "# " : "") + key + " = " + FormatTomlValue(value) + "\n";
}

}  // namespace

void ReadConfig(const fs::path& path, CLI::App& app, TrainArguments& arguments) {
  const TomlTable table = TomlTable::FromFile(path);
  std::vector<std::string> known = {kLossTables, kDegradationTables, kSummary};
  for (CLI::Option* option : app.get_options()) {
    const std::string key = KeyOf(*option);
    if (option->get_configurable()) {
      known.push_back(key);
    } else if (table.Has(key)) {
      table.Refuse(
          key, "is for the command line alone",
          key == "loss-option"   ? "Give the loss's parameters in a table [loss-options.NAME]"
          : key == "degradation" ? "Give its probability and range in a table [degradations.NAME]"
                                 : "Take it out of the file");
    }
  }
  table.RefuseUnknownKeys(known);
  for (CLI::Option* option : app.get_options()) {
    const std::string key = KeyOf(*option);
    if (option->get_configurable() && table.Has(key)) Fill(table, key, *option);
  }
  if (table.Has(kDegradationTables)) {
    arguments.options.degradations.Read(table.Table(kDegradationTables));
  }
  if (table.Has(kLossTables)) ReadLossTables(table.Table(kLossTables), arguments);
}

void SetOption(CLI::App& app, const std::string& name, const std::vector<std::string>& values) {
  CLI::Option& option = *app.get_option(name);
  option.clear();
  option.add_result(values);
  option.run_callback();
}

std::string FormatConfig(const CLI::App& app, const TrainArguments& arguments) {
  std::string text = std::string("# Options of `unmask train`, version ") + kVersion +
                     ". The same run once more:\n"
                     "#   unmask train --config THIS_FILE --out ANOTHER_FOLDER\n";
  std::string group;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_configurable()) continue;
    if (option->get_group() != group) {
      group = option->get_group();
      text += "\n# ---- " + group + "\n";
    }
    text += "\n" + FormatOption(*option);
  }
  TrainOptions options = arguments.options;
  options.loss_options = GivenLossOptions(arguments);
  const Json loss_options = LossOptionsOf(options);
  text += "\n# ---- Degradations\n" + GivenDegradations(arguments).ToToml(kDegradationTables);
  if (loss_options.empty()) return text;
  text += "\n[" + std::string(kLossTables) + "." + FormatTomlKey(options.loss) + "]\n";
  for (const LossParameter& p : FindLoss(options.loss).maker.parameters()) {
    text += "\n# " + p.help + "\n" + FormatTomlKey(p.name) + " = " +
            FormatTomlValue(loss_options.at(p.name)) + "\n";
  }
  return text;
}

}  // namespace unmask
