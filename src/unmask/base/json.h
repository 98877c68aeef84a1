#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

namespace unmask {

// Keys keep the order in which they were written, so that output reads as it was meant.
using Json = nlohmann::ordered_json;

// Reads a whole JSON file. Throws Error naming the file and the place of the mistake.
Json ReadJson(const std::filesystem::path& path);

// Writes indented UTF-8 JSON atomically; invalid UTF-8 in strings is replaced, never thrown at.
void WriteJson(const std::filesystem::path& path, const Json& value);

// The same text as WriteJson writes: two spaces of indentation, small arrays and objects on one
// line.
std::string FormatJson(const Json& value);

}  // namespace unmask
