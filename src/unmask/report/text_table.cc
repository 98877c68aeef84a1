#include "unmask/report/text_table.h"

#include <algorithm>
#include <vector>

namespace unmask {
namespace {

bool BeginsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

}  // namespace

size_t WidthOf(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), BeginsCharacter));
}

std::string AlignLeft(const std::string& text, size_t width) {
  const size_t used = WidthOf(text);
  return used < width ? text + std::string(width - used, ' ') : text;
}

std::string AlignRight(const std::string& text, size_t width) {
  const size_t used = WidthOf(text);
  return used < width ? std::string(width - used, ' ') + text : " " + text;
}

std::string CutMiddle(const std::string& text, size_t width) {
  std::vector<size_t> begins;  // of characters
  for (size_t i = 0; i < text.size(); ++i) {
    if (BeginsCharacter(text[i])) begins.push_back(i);
  }
  if (begins.size() <= width) return text;
  const size_t before = width / 2, after = width - before - 1;
  return text.substr(0, begins[before]) + "…" + text.substr(begins[begins.size() - after]);
}

}  // namespace unmask
