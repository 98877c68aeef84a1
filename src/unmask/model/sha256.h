#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace unmask {

// SHA-256 of a file's contents, 64 hexadecimal digits. Throws Error when it cannot be read.
std::string Sha256OfFile(const std::filesystem::path& path);

// The same of a text.
std::string Sha256OfText(std::string_view text);

}  // namespace unmask
