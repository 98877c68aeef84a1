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

// The commands that begin a script of a picture so many logical pixels wide and high: SVG, or PNG
// with twice the pixels each way; UTF-8, a font, white paper, labels taken literally.
std::string GnuplotTerminal(bool svg, int width, int height);

// Whether a picture of this name is an SVG; throws UsageError when it is neither .svg nor .png.
bool IsSvgName(const std::filesystem::path& path);

// `text` as a string of a script, in single quotes: gnuplot then takes nothing in it for a command
// (backquotes, @). Control characters become spaces, bytes that are not UTF-8 question marks, and '
// the apostrophe ’ (a doubled quote at the start of a string confuses gnuplot 5.4).
std::string GnuplotString(std::string_view text);

}  // namespace unmask
