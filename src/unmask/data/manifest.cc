#include "unmask/data/manifest.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <unordered_map>

#include "unmask/base/atomic_file.h"
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
  } else if (column == "class") {
    input.class_name = text;
  } else if (column == "quality") {
    input.quality = text;
  } else if (column == "identity") {
    input.identity = text;
  } else if (column == "split") {
    if (!text.empty() && text != "train" && text != "val" && text != "test") {
      throw Error("split '" + text + "' is none of train, val, test");
    }
    input.split = text;
  } else if (column != "faces") {
    input.attributes[column] = text;
  } else if (!text.empty()) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), input.faces);
    if (code != std::errc() || end != text.data() + text.size() || input.faces < 0) {
      throw Error("faces '" + text + "' is not a number of at least 0");
    }
  }
}

// The fields of a line of comma-separated values.
std::vector<std::string> SplitCsv(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[i++];
    } else if (c == '"' && (quoted || fields.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) throw Error("it has a quote that does not end");
  return fields;
}

// A name that comes twice, or "".
std::string FirstDuplicate(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!name.empty() && !seen.insert(name).second) return name;
  }
  return "";
}

PrepareInput InputFromFields(const std::vector<std::string>& columns,
                             const std::vector<std::string>& fields) {
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
  const bool commas = path.extension() == ".csv";
  for (int number = 1; std::getline(file, line); ++number) {
    if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);  // spreadsheets' mark
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    if (columns.empty()) {
      columns = commas ? SplitCsv(line) : Split(line, '\t');
      if (std::find(columns.begin(), columns.end(), "file") == columns.end()) {
        throw Error(path.string() + ": its first line does not name a column 'file'",
                    commas ? "Begin with a line such as: file,label,identity"
                           : "Begin with a line such as: file<tab>label<tab>identity");
      }
      const std::string twice = FirstDuplicate(columns);
      if (!twice.empty()) {
        throw Error(path.string() + ": has two columns '" + twice + "'", "Name each column once");
      }
      continue;
    }
    try {
      inputs.push_back(InputFromFields(columns, commas ? SplitCsv(line) : Split(line, '\t')));
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

void WriteManifest(const std::filesystem::path& path, const std::vector<PrepareInput>& inputs) {
  std::string text = "file,label,identity,split\n";
  for (const PrepareInput& input : inputs) {
    const std::string file = input.file.string();
    if ((file + input.identity).find_first_of("\r\n") != std::string::npos) {
      throw Error(file + ": its name has a line break, which a table cannot hold", "Rename it");
    }
    const char* label = input.label == 1 ? "fake" : input.label == 0 ? "real" : "";
    text +=
        CsvField(file) + "," + label + "," + CsvField(input.identity) + "," + input.split + "\n";
  }
  WriteTextFile(path, text);
}

PrepareInput WithDefaults(PrepareInput input) {
  if (input.identity.empty()) input.identity = input.file.filename().string();
  if (input.split.empty()) input.split = SplitOf(input.identity);
  if (input.class_name.empty() && input.label >= 0) {
    input.class_name = input.label == 1 ? "fake" : "real";
  }
  return input;
}

void RefusePeopleInTwoSplits(const std::vector<PrepareInput>& inputs) {
  std::unordered_map<std::string_view, const PrepareInput*> first;  // of each person
  for (const PrepareInput& input : inputs) {
    const PrepareInput& other = *first.emplace(input.identity, &input).first->second;
    if (other.split == input.split) continue;
    throw Error("'" + input.identity + "' is in the splits '" + other.split + "' and '" +
                    input.split + "': see " + other.file.string() + " and " + input.file.string(),
                "Give all files of a person one split, or people of their own: without a column "
                "identity, files of one name count as one person");
  }
}

std::string_view SplitOf(std::string_view identity) {
  const uint64_t share = DeriveSeed(0, identity) % 100;
  return share < 80 ? "train" : share < 90 ? "val" : "test";
}

}  // namespace unmask
