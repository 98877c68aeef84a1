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

// The first field of `now` that `before` does not have with that value, for messages: "seed was 1
// and is 2", or its name alone where `before` does not have it at all.
std::string FirstDifference(const Json& before, const Json& now);

// The first key of two objects, in the order of the alphabet, under which they do not hold the same
// or one of them nothing; "": there is none.
std::string DifferingKey(const Json& a, const Json& b);

// All on one line, without its end; invalid UTF-8 is replaced here too.
std::string FormatJsonLine(const Json& value);

}  // namespace unmask
