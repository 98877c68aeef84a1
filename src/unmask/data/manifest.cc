#include "unmask/data/manifest.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

int LabelFromText(const std::string& text) {
  if (text.empty()) return -1;
  if (text == "real") return 0;
  if (text == "fake") return 1;
  throw Error("label '" + text + "' is neither real nor fake");
}

void SetColumn(PrepareInput& input, const std::string& column, const std::string& text) {
  if (column == "file") {
    input.file = text;
  } else if (column == "label") {
    input.label = LabelFromText(text);
  } else if (column == "identity") {
    input.identity = text;
  } else if (column == "split") {
    if (!text.empty() && text != "train" && text != "val" && text != "test") {
      throw Error("split '" + text + "' is none of train, val, test");
    }
    input.split = text;
  } else if (column == "faces" && !text.empty()) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), input.faces);
    if (code != std::errc() || end != text.data() + text.size() || input.faces < 0) {
      throw Error("faces '" + text + "' is not a number of at least 0");
    }
  }
}

PrepareInput InputFromLine(const std::vector<std::string>& columns, const std::string& line) {
  const std::vector<std::string> fields = Split(line, '\t');
  if (fields.size() > columns.size()) throw Error("it has more fields than there are columns");
  PrepareInput input;
  for (size_t i = 0; i < fields.size(); ++i) SetColumn(input, columns[i], fields[i]);
  if (input.file.empty()) throw Error("it names no file");
  return input;
}

}  // namespace

std::vector<PrepareInput> ReadManifest(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw Error(path.string() + ": cannot be opened", "Check the path and its rights");
  std::vector<PrepareInput> inputs;
  std::vector<std::string> columns;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    if (columns.empty()) {
      columns = Split(line, '\t');
      if (std::find(columns.begin(), columns.end(), "file") == columns.end()) {
        throw Error(path.string() + ": its first line does not name a column 'file'",
                    "Begin with a line such as: file<tab>label<tab>identity");
      }
      continue;
    }
    try {
      inputs.push_back(InputFromLine(columns, line));
    } catch (const Error& e) {
      throw Error(path.string() + ", line " + std::to_string(number) + ": " + e.problem());
    }
    if (inputs.back().file.is_relative()) {
      inputs.back().file = path.parent_path() / inputs.back().file;
    }
  }
  if (inputs.empty()) throw Error(path.string() + ": lists no file");
  return inputs;
}

std::string_view SplitOf(std::string_view identity) {
  const uint64_t share = DeriveSeed(0, identity) % 100;
  return share < 80 ? "train" : share < 90 ? "val" : "test";
}

}  // namespace unmask
