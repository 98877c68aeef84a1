#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace unmask {

// A report as plain data, written as Markdown or as one HTML page. Texts are plain: what has a
// meaning in Markdown or HTML is escaped; **bold** and `code` are the only marks.

struct Heading {
  int level = 2;  // 1 … 4
  std::string text;
};

struct Paragraph {
  std::string text;
  bool warning = false;  // set apart, as what a reader must not miss
};

struct BulletList {
  std::vector<std::string> items;
};

struct TableCell {
  std::string text;
  std::string small;  // below it, smaller; may be empty
  bool strong = false;
};

struct TableRow {
  std::vector<TableCell> cells;
};

// Rows have as many cells as there are columns; the first column stands left, others right.
struct DocumentTable {
  std::string caption;
  std::vector<std::string> columns;
  std::vector<TableRow> rows;
};

// A picture; a .png or .svg file.
struct DocumentFigure {
  std::filesystem::path file;
  std::string caption;
  std::string description;  // for those who do not see it
};

// Shown as it is, in a typewriter's letters.
struct CodeText {
  std::string text;
};

using Block = std::variant<Heading, Paragraph, BulletList, DocumentTable, DocumentFigure, CodeText>;

struct Document {
  std::string title;
  std::vector<Block> blocks;
};

// GitHub's Markdown. Figures are linked relative to `folder`, where the text will lie.
std::string ToMarkdown(const Document& document, const std::filesystem::path& folder);

// One page that needs nothing else: styles and pictures are in it. Readable without scripts, in
// light and dark, on paper, and on a small screen. Throws Error where a picture cannot be read.
std::string ToHtml(const Document& document);

// "<" and the like as HTML writes them.
std::string EscapeHtml(std::string_view text);

}  // namespace unmask
