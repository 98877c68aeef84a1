#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/base/json.h"

namespace unmask {

// A table of a TOML 1.0 file, read strictly: unknown keys and values of the wrong type are errors
// that name the file, the line and the key. A struct of options is filled so:
//
//   table.RefuseUnknownKeys({"probability", "radius"});
//   table.Read("probability", options.probability);
//   if (options.probability > 1) table.Refuse("probability", "must lie in 0 … 1");
//
// Copies are cheap and share the file's contents.
class TomlTable {
 public:
  // The top of a file. Throws Error when it cannot be read or is no TOML, naming the line.
  static TomlTable FromFile(const std::filesystem::path& path);

  const std::filesystem::path& file() const;

  // In the order of the file.
  std::vector<std::string> keys() const;
  bool Has(std::string_view key) const;
  bool HoldsTable(std::string_view key) const;

  // Each sets `value` where the key is there and leaves it alone otherwise. A whole number is taken
  // for a double, nothing else is converted. Throws UsageError for a value of another type.
  void Read(std::string_view key, bool& value) const;
  void Read(std::string_view key, int64_t& value) const;
  void Read(std::string_view key, double& value) const;
  void Read(std::string_view key, std::string& value) const;
  void Read(std::string_view key, std::vector<double>& value) const;
  void Read(std::string_view key, std::vector<std::string>& value) const;

  // The table below `key`. Throws UsageError when it is missing or something else.
  TomlTable Table(std::string_view key) const;

  // The value of `key` whatever its type: a boolean, number, string or an array of these. Throws
  // UsageError when it is missing, and for tables, dates and numbers that are not finite.
  Json Value(std::string_view key) const;

  // Throws UsageError for the first key that is not in `known`, suggesting the nearest.
  void RefuseUnknownKeys(const std::vector<std::string>& known) const;

  // Throws UsageError: "run.toml, line 7: augmentation.blur.radius <rule>".
  [[noreturn]] void Refuse(std::string_view key, const std::string& rule,
                           const std::string& remedy = "") const;

 private:
  struct Impl;
  explicit TomlTable(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// A boolean, a finite number, a string or an array of these as TOML writes it. Invalid UTF-8 is
// replaced.
std::string FormatTomlValue(const Json& value);

// A key as TOML writes it: bare where it can be, quoted otherwise.
std::string FormatTomlKey(const std::string& key);

}  // namespace unmask
