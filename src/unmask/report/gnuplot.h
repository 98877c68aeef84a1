#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace unmask {

// Where gnuplot lies, by PATH. Throws Error saying what to install.
std::filesystem::path FindGnuplot();

// Runs gnuplot on `script`, which must not set an output: what it draws goes to the file `output`.
// No shell is involved. Throws Error when gnuplot is not installed, cannot be run or refuses the
// script.
void RunGnuplot(std::string_view script, const std::filesystem::path& output);

// `text` as a string of a script, in single quotes: gnuplot then takes nothing in it for a command
// (backquotes, @). Control characters become spaces, bytes that are not UTF-8 question marks, and '
// the apostrophe ’ (a doubled quote at the start of a string confuses gnuplot 5.4).
std::string GnuplotString(std::string_view text);

}  // namespace unmask
