#pragma once

#include <filesystem>
#include <string>

namespace unmask {

// SHA-256 of a file's contents, 64 hexadecimal digits. Throws Error when it cannot be read.
std::string Sha256OfFile(const std::filesystem::path& path);

}  // namespace unmask
