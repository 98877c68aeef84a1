#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace unmask {

// The known name nearest to `name` by edit distance, or "" when none is close enough to be meant.
std::string NearestName(std::string_view name, const std::vector<std::string>& known);

// "Unknown <what> 'x'. Did you mean 'y'? Known: …" as an error to throw.
[[noreturn]] void ThrowUnknownName(std::string_view what, std::string_view name,
                                   const std::vector<std::string>& known);

// Parts of `text` between `separator`s; an empty text has none.
std::vector<std::string> Split(std::string_view text, char separator);

// Joined with `separator` between them.
std::string Join(const std::vector<std::string>& parts, std::string_view separator);

// Control characters as '?': a file's name may hold anything, and a terminal must not obey it.
std::string Printable(std::string text);

// A field of a CSV file: in quotes where it holds a comma, a quote or a line break.
std::string CsvField(const std::string& text);

// "1 file", "2 files"; the noun takes an s.
std::string CountOf(size_t count, std::string_view noun);

// printf's "%.*f".
std::string FormatFixed(double value, int digits);

}  // namespace unmask
