#include "unmask/base/json.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"

namespace unmask {
namespace {

constexpr size_t kLineWidth = 100;

// "name": in objects, nothing in arrays.
std::string Label(const Json& parent, const std::string& key) {
  return parent.is_object() ? FormatJsonLine(Json(key)) + ": " : "";
}

// On one line; nothing when it holds more than one level of containers and so is better read in
// several.
std::string OneLine(const Json& value, int levels) {
  if (!value.is_structured()) return FormatJsonLine(value);
  if (levels == 0) return "";
  std::string text;
  for (const auto& [key, child] : value.items()) {
    const std::string inner = OneLine(child, levels - 1);
    if (inner.empty()) return "";
    text += (text.empty() ? "" : ", ") + Label(value, key) + inner;
  }
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

// Indented, but what is small and flat stays on its line.
void AppendJson(const Json& value, size_t indent, std::string& text) {
  const std::string line = OneLine(value, 2);
  if (!value.is_structured() || value.empty() ||
      (indent > 0 && !line.empty() && indent + line.size() <= kLineWidth)) {
    text += line;
    return;
  }
  const std::string margin(indent + 2, ' ');
  text += value.is_object() ? "{" : "[";
  bool first = true;
  for (const auto& [key, child] : value.items()) {
    text += (first ? "\n" : ",\n") + margin + Label(value, key);
    AppendJson(child, indent + 2, text);
    first = false;
  }
  text += "\n" + std::string(indent, ' ') + (value.is_object() ? "}" : "]");
}

}  // namespace

Json ReadJson(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw Error("cannot open " + path.string(), "Check that it exists and is readable");
  try {
    return Json::parse(stream);
  } catch (const nlohmann::json::exception& e) {
    throw Error(path.string() + " is not valid JSON: " + e.what());
  }
}

std::string FormatJson(const Json& value) {
  std::string text;
  AppendJson(value, 0, text);
  return text;
}

std::string DifferingKey(const Json& a, const Json& b) {
  std::set<std::string> keys;
  for (const Json* one : {&a, &b}) {
    for (const auto& [key, value] : one->items()) keys.insert(key);
  }
  for (const std::string& key : keys) {
    const bool both = a.contains(key) && b.contains(key);
    if (!both || a[key] != b[key]) return key;
  }
  return "";
}

std::string FirstDifference(const Json& before, const Json& now) {
  for (const auto& [key, value] : now.items()) {
    if (!before.contains(key)) return key;
    if (before[key] == value) continue;
    if (value.is_object()) return FirstDifference(before[key], value);
    return key + " was " + FormatJsonLine(before[key]) + " and is " + FormatJsonLine(value);
  }
  return "an option that is not there any more";
}

std::string FormatJsonLine(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void WriteJson(const std::filesystem::path& path, const Json& value) {
  WriteTextFile(path, FormatJson(value) + "\n");
}

}  // namespace unmask
