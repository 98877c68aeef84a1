#pragma once

#include <cstddef>
#include <string>

namespace unmask {

// Columns on a terminal: code points of UTF-8, where every one is one column wide.
size_t WidthOf(const std::string& text);

// Filled up with spaces to `width` columns, after the text or before it. A text that is as wide or
// wider stays; before it there is always a space.
std::string AlignLeft(const std::string& text, size_t width);
std::string AlignRight(const std::string& text, size_t width);

// At most `width` columns (3 at least): what is longer loses its middle to "…". Names of models and
// files often begin alike and differ at the end.
std::string CutMiddle(const std::string& text, size_t width);

}  // namespace unmask
