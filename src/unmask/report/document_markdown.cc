#include <string>

#include "unmask/report/document.h"

namespace unmask {
namespace {

// Bold and code are kept.
std::string Escape(std::string_view text, bool in_table) {
  std::string result;
  bool code = false;
  for (const char c : text) {
    if (c == '`') code = !code;
    if (c == '\n') {
      result += in_table ? "<br>" : "\n";
    } else if (c == '|' && in_table) {
      result += "\\|";
    } else if (!code && (c == '<' || c == '[' || c == ']' || c == '_' || c == '#' || c == '~')) {
      result += std::string("\\") + c;
    } else {
      result += c;
    }
  }
  return result;
}

class MarkdownWriter {
 public:
  explicit MarkdownWriter(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void operator()(const Heading& heading) {
    text += std::string(static_cast<size_t>(heading.level), '#') + " " +
            Escape(heading.text, false) + "\n\n";
  }

  void operator()(const Paragraph& paragraph) {
    text += (paragraph.warning ? "> **Note.** " : "") + Escape(paragraph.text, false) + "\n\n";
  }

  void operator()(const BulletList& list) {
    for (const std::string& item : list.items) text += "- " + Escape(item, false) + "\n";
    text += "\n";
  }

  void operator()(const DocumentTable& table) {
    if (!table.caption.empty()) text += "**" + Escape(table.caption, false) + "**\n\n";
    std::string rule = "|";
    text += "|";
    for (size_t c = 0; c < table.columns.size(); ++c) {
      text += " " + Escape(table.columns[c], true) + " |";
      rule += c == 0 ? ":--|" : "--:|";
    }
    text += "\n" + rule + "\n";
    for (const TableRow& row : table.rows) {
      text += "|";
      for (const TableCell& cell : row.cells) text += " " + TextOf(cell) + " |";
      text += "\n";
    }
    text += "\n";
  }

  void operator()(const DocumentFigure& figure) {
    const std::string link = figure.file.lexically_relative(folder_).generic_string();
    text += "![" + Escape(figure.description, false) + "](" + link + ")\n\n" +
            (figure.caption.empty() ? "" : Escape(figure.caption, false) + "\n\n");
  }

  void operator()(const CodeText& code) {
    std::string fence = "```";  // longer than any in the text
    while (code.text.find(fence) != std::string::npos) fence += "`";
    const bool ends = code.text.ends_with('\n');
    text += fence + "\n" + code.text + (ends ? "" : "\n") + fence + "\n\n";
  }

  std::string text;

 private:
  static std::string TextOf(const TableCell& cell) {
    std::string result = Escape(cell.text, true);
    if (cell.strong && !result.empty()) result = "**" + result + "**";
    if (!cell.small.empty()) result += "<br><sub>" + Escape(cell.small, true) + "</sub>";
    return result;
  }

  const std::filesystem::path folder_;
};

}  // namespace

std::string ToMarkdown(const Document& document, const std::filesystem::path& folder) {
  MarkdownWriter writer(folder);
  writer(Heading{1, document.title});
  for (const Block& block : document.blocks) std::visit(writer, block);
  writer.text.pop_back();  // one newline at the end
  return writer.text;
}

}  // namespace unmask
