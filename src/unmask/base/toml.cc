#include "unmask/base/toml.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {

struct TomlTable::Impl {
  std::filesystem::path path;
  std::shared_ptr<const toml::table> whole;  // owns what `table` points into
  const toml::table* table = nullptr;
  std::string name;  // "augmentation.blur."; empty at the top
};

namespace {

[[noreturn]] void Throw(const std::filesystem::path& path, uint32_t line,
                        const std::string& problem, const std::string& remedy) {
  const std::string place = line > 0 ? ", line " + std::to_string(line) : "";
  throw UsageError(path.string() + place + ": " + problem, remedy);
}

// As JSON; nothing for what this program has no use for: dates, tables, infinities.
std::optional<Json> ToJson(const toml::node& node) {
  if (const auto* v = node.as_boolean()) return Json(v->get());
  if (const auto* v = node.as_integer()) return Json(v->get());
  if (const auto* v = node.as_string()) return Json(v->get());
  if (const auto* v = node.as_floating_point(); v != nullptr && std::isfinite(v->get())) {
    return Json(v->get());
  }
  if (const auto* array = node.as_array()) {
    Json values = Json::array();
    for (const toml::node& element : *array) {
      std::optional<Json> value = ToJson(element);
      if (!value || value->is_array()) return std::nullopt;
      values.push_back(*std::move(value));
    }
    return values;
  }
  return std::nullopt;
}

bool IsBareKey(const std::string& key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

TomlTable TomlTable::FromFile(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::error_code error;
  if (!stream || std::filesystem::is_directory(path, error)) {
    throw Error("cannot open " + path.string(), "Check that it is a readable file");
  }
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  auto impl = std::make_shared<Impl>();
  impl->path = path;
  try {
    auto whole = std::make_shared<toml::table>(toml::parse(text));
    impl->table = whole.get();
    impl->whole = std::move(whole);
  } catch (const toml::parse_error& e) {
    Throw(path, e.source().begin.line, "is not valid TOML: " + std::string(e.description()), "");
  }
  return TomlTable(std::move(impl));
}

const std::filesystem::path& TomlTable::file() const { return impl_->path; }

std::vector<std::string> TomlTable::keys() const {
  std::vector<std::pair<toml::source_position, std::string>> found;
  for (const auto& [key, node] : *impl_->table) {
    found.emplace_back(key.source().begin, std::string(key.str()));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> keys;
  for (auto& [place, key] : found) keys.push_back(std::move(key));
  return keys;
}

bool TomlTable::Has(std::string_view key) const { return impl_->table->contains(key); }

bool TomlTable::HoldsTable(std::string_view key) const {
  return Has(key) && impl_->table->get(key)->is_table();
}

void TomlTable::Read(std::string_view key, bool& value) const {
  if (!Has(key)) return;
  const auto* node = impl_->table->get(key)->as_boolean();
  if (node == nullptr) Refuse(key, "must be true or false");
  value = node->get();
}

void TomlTable::Read(std::string_view key, int64_t& value) const {
  if (!Has(key)) return;
  const auto* node = impl_->table->get(key)->as_integer();
  if (node == nullptr) Refuse(key, "must be a whole number");
  value = node->get();
}

void TomlTable::Read(std::string_view key, double& value) const {
  if (!Has(key)) return;
  const Json json = Value(key);
  if (!json.is_number()) Refuse(key, "must be a number");
  value = json.get<double>();
}

void TomlTable::Read(std::string_view key, std::string& value) const {
  if (!Has(key)) return;
  const auto* node = impl_->table->get(key)->as_string();
  if (node == nullptr) Refuse(key, "must be a text in quotes");
  value = node->get();
}

void TomlTable::Read(std::string_view key, std::vector<double>& value) const {
  if (!Has(key)) return;
  const Json json = Value(key);
  const bool fits = json.is_array() && std::all_of(json.begin(), json.end(),
                                                   [](const Json& v) { return v.is_number(); });
  if (!fits) Refuse(key, "must be a list of numbers");
  value = json.get<std::vector<double>>();
}

void TomlTable::Read(std::string_view key, std::vector<std::string>& value) const {
  if (!Has(key)) return;
  const Json json = Value(key);
  const bool fits = json.is_array() && std::all_of(json.begin(), json.end(),
                                                   [](const Json& v) { return v.is_string(); });
  if (!fits) Refuse(key, "must be a list of texts in quotes");
  value = json.get<std::vector<std::string>>();
}

TomlTable TomlTable::Table(std::string_view key) const {
  if (!HoldsTable(key)) Refuse(key, "must be a table");
  auto impl = std::make_shared<Impl>(*impl_);
  impl->table = impl_->table->get(key)->as_table();
  impl->name += FormatTomlKey(std::string(key)) + ".";
  return TomlTable(std::move(impl));
}

Json TomlTable::Value(std::string_view key) const {
  if (!Has(key)) Refuse(key, "is missing");
  const std::optional<Json> value = ToJson(*impl_->table->get(key));
  if (!value)
    Refuse(key, "must be a finite number, a text, true, false or a list of these, no table");
  return *value;
}

void TomlTable::RefuseUnknownKeys(const std::vector<std::string>& known) const {
  for (const std::string& key : keys()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string nearest = NearestName(key, known);
    Refuse(
        key, "is unknown",
        nearest.empty() ? "Known here: " + Join(known, ", ") : "Did you mean '" + nearest + "'?");
  }
}

void TomlTable::Refuse(std::string_view key, const std::string& rule,
                       const std::string& remedy) const {
  const auto found = impl_->table->find(key);
  const uint32_t line = found == impl_->table->cend() ? 0 : found->first.source().begin.line;
  Throw(impl_->path, line, impl_->name + FormatTomlKey(std::string(key)) + " " + rule, remedy);
}

std::string FormatTomlValue(const Json& value) {
  if (value.is_array()) {
    std::vector<std::string> parts;
    for (const Json& element : value) parts.push_back(FormatTomlValue(element));
    return "[" + Join(parts, ", ") + "]";
  }
  // Numbers, booleans and strings are written alike in JSON; but for DEL, which TOML escapes.
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (size_t at = 0; (at = text.find('\x7f', at)) != std::string::npos;) {
    text.replace(at, 1, "\\u007F");
  }
  return text;
}

std::string FormatTomlKey(const std::string& key) {
  return IsBareKey(key) ? key : FormatTomlValue(key);
}

}  // namespace unmask
