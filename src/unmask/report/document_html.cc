#include <openssl/evp.h>

#include <fstream>
#include <sstream>
#include <string>

#include "unmask/base/error.h"
#include "unmask/report/document.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kStyle[] = R"css(
:root { color-scheme: light dark; --text: #1b1f24; --soft: #5b6570; --line: #d5dae0;
  --back: #ffffff; --stripe: #f5f7f9; --mark: #fff4d6; --edge: #b8860b; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e8ec; --soft: #9aa5b1; --line: #39414a;
  --back: #14181d; --stripe: #1b2127; --mark: #3a2f12; --edge: #e0b040; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
  max-width: 76rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1, h2, h3, h4 { line-height: 1.25; margin: 2em 0 .6em; } h1 { margin-top: 0; }
h2 { border-bottom: 1px solid var(--line); padding-bottom: .25em; }
p, ul { max-width: 50rem; }
.warning { background: var(--mark); border-left: 4px solid var(--edge); padding: .6em 1em; }
.table { overflow-x: auto; margin: 1em 0 1.6em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding: .3em 0; }
th, td { padding: .35em .8em; text-align: right; white-space: nowrap; vertical-align: top; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid var(--line); }
tbody tr:nth-child(even) { background: var(--stripe); }
td small { display: block; color: var(--soft); }
figure { margin: 1.5em 0; } figure img { max-width: min(100%, 60rem); height: auto; background: #ffffff; }
figcaption { color: var(--soft); max-width: 50rem; }
code { font: .92em ui-monospace, monospace; }
pre { background: var(--stripe); padding: 1em; overflow-x: auto; }
@media print { body { max-width: none; font-size: 11px; } .table { overflow: visible; } }
)css";

std::string Base64(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  if (!file) throw Error(path.string() + ": the picture cannot be read");
  return bytes.str();
}

// **bold** and `code` as elements; the rest escaped.
std::string Inline(std::string_view text) {
  std::string result;
  bool bold = false, code = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '`') {
      code = !code;
      result += code ? "<code>" : "</code>";
    } else if (!code && text.substr(i, 2) == "**") {
      bold = !bold;
      result += bold ? "<strong>" : "</strong>";
      ++i;
    } else if (text[i] == '\n') {
      result += "<br>";
    } else {
      result += EscapeHtml(text.substr(i, 1));
    }
  }
  if (code) result += "</code>";
  if (bold) result += "</strong>";
  return result;
}

class HtmlWriter {
 public:
  void operator()(const Heading& heading) {
    const std::string tag = "h" + std::to_string(heading.level);
    text += "<" + tag + ">" + Inline(heading.text) + "</" + tag + ">\n";
  }

  void operator()(const Paragraph& paragraph) {
    text +=
        (paragraph.warning ? "<p class=\"warning\">" : "<p>") + Inline(paragraph.text) + "</p>\n";
  }

  void operator()(const BulletList& list) {
    text += "<ul>\n";
    for (const std::string& item : list.items) text += "<li>" + Inline(item) + "</li>\n";
    text += "</ul>\n";
  }

  void operator()(const DocumentTable& table) {
    text += "<div class=\"table\"><table>\n";
    if (!table.caption.empty()) text += "<caption>" + Inline(table.caption) + "</caption>\n";
    text += "<thead><tr>";
    for (const std::string& column : table.columns) {
      text += "<th scope=\"col\">" + Inline(column) + "</th>";
    }
    text += "</tr></thead>\n<tbody>\n";
    for (const TableRow& row : table.rows) {
      text += "<tr>";
      for (const TableCell& cell : row.cells) text += "<td>" + TextOf(cell) + "</td>";
      text += "</tr>\n";
    }
    text += "</tbody></table></div>\n";
  }

  void operator()(const DocumentFigure& figure) {
    const bool svg = figure.file.extension() == ".svg";
    text += "<figure><img src=\"data:image/" + std::string(svg ? "svg+xml" : "png") + ";base64," +
            Base64(ReadFile(figure.file)) + "\" alt=\"" + EscapeHtml(figure.description) + "\">";
    if (!figure.caption.empty()) text += "<figcaption>" + Inline(figure.caption) + "</figcaption>";
    text += "</figure>\n";
  }

  void operator()(const CodeText& code) {
    text += "<pre><code>" + EscapeHtml(code.text) + "</code></pre>\n";
  }

  std::string text;

 private:
  static std::string TextOf(const TableCell& cell) {
    std::string result = Inline(cell.text);
    if (cell.strong) result = "<strong>" + result + "</strong>";
    if (!cell.small.empty()) result += "<small>" + Inline(cell.small) + "</small>";
    return result;
  }
};

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string ToHtml(const Document& document) {
  HtmlWriter writer;
  writer.text =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
      EscapeHtml(document.title) + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n";
  writer(Heading{1, document.title});
  for (const Block& block : document.blocks) std::visit(writer, block);
  writer.text += "</body>\n</html>\n";
  return writer.text;
}

}  // namespace unmask
