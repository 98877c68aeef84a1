// The Deepfake Detection Challenge (Dolhansky et al. 2020). Any folder below the root, at most two
// deep (dfdc_train_part_07/, train/dfdc_train_part_07/, or the root itself), with
//
//   metadata.json   {"abc.mp4": {"label": "FAKE", "split": "train", "original": "def.mp4"}, …}
//
// or, for the validation and the test videos, labels.csv (filename,label with 1 = fake); its videos
// lie beside it or in videos/, and the folder is named validation or test.
//
// A real video and the fakes made of it share an identity, the real one's name. People are not
// named. Recordings of one person lie in the same part of the training set as far as is known, so
// where there is no validation folder the parts 9, 19, 29, 39 and 49 serve as such.
#include <nlohmann/json.hpp>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/base/text.h"
#include "unmask/data/layouts/makers.h"
#include "unmask/data/layouts/support.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// Folders with metadata.json or labels.csv, the root among them.
std::vector<fs::path> PartsIn(const fs::path& root) {
  std::vector<fs::path> parts;
  const auto add = [&](const fs::path& folder) {
    if (IsFile(folder / "metadata.json") || IsFile(folder / "labels.csv")) parts.push_back(folder);
  };
  add(root);
  for (const fs::path& folder : FoldersIn(root)) {
    add(folder);
    for (const fs::path& deeper : FoldersIn(folder)) add(deeper);
  }
  return parts;
}

std::string Trimmed(const fs::path& folder) {
  return fs::absolute(folder).lexically_normal().filename().string();
}

// The number at the end of "dfdc_train_part_07", or -1.
int PartNumber(const std::string& name) {
  const size_t digits = name.find_last_not_of("0123456789") + 1;
  return digits < name.size() && name.size() - digits < 6 ? std::stoi(name.substr(digits)) : -1;
}

struct Part {
  fs::path folder;
  std::vector<PrepareInput> rows;  // `file` a mere name
};

std::string SplitFromText(const std::string& text) {
  if (text == "train" || text == "test") return text;
  if (text == "val" || text == "validation" || text == "validate") return "val";
  throw Error("split '" + text + "' is none of train, validation, test");
}

std::vector<PrepareInput> ReadMetadata(const fs::path& path) {
  const Json json = ReadJson(path);
  std::vector<PrepareInput> rows;
  std::string name;
  try {
    if (!json.is_object()) throw Error("it is not an object");
    for (const auto& [key, entry] : json.items()) {
      name = key;
      const auto label = entry.at("label").get<std::string>();
      if (label != "REAL" && label != "FAKE") {
        throw Error("label '" + label + "' is neither REAL nor FAKE");
      }
      const Json original = entry.value("original", Json());  // null where there is none
      const std::string source = original.is_string() ? original.get<std::string>() : name;
      rows.push_back({.file = name,
                      .identity = "dfdc/" + (source.empty() ? name : source),
                      .split = SplitFromText(entry.value("split", std::string("train"))),
                      .label = label == "FAKE" ? 1 : 0});
    }
  } catch (const nlohmann::json::exception& e) {
    throw Error(path.string() + ": '" + name + "': " + e.what());
  } catch (const Error& e) {
    throw Error(path.string() + ": " + (name.empty() ? "" : "'" + name + "': ") + e.problem());
  }
  return rows;
}

std::vector<PrepareInput> ReadLabels(const fs::path& path) {
  const std::string folder = Trimmed(path.parent_path());
  std::vector<PrepareInput> rows;
  const std::vector<std::string> lines = ReadLines(path);
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> fields = Split(lines[i], ',');
    if (fields.size() < 2 || (fields[1] != "0" && fields[1] != "1")) {
      throw Error(path.string() + ": cannot understand the line '" + lines[i] + "'",
                  "A line reads 'abc.mp4,1' (1 fake, 0 real); the first one is the header");
    }
    rows.push_back({.file = fields[0],
                    .identity = "dfdc/" + fields[0],
                    .split = folder.starts_with("val") ? "val" : "test",
                    .label = fields[1] == "1" ? 1 : 0});
  }
  return rows;
}

Part ReadPart(const fs::path& folder) {
  if (IsFile(folder / "metadata.json")) return {folder, ReadMetadata(folder / "metadata.json")};
  return {folder, ReadLabels(folder / "labels.csv")};
}

void AddPart(Part part, bool hold_out, Listing& listing) {
  std::vector<std::string> missing;
  const size_t expected = part.rows.size();
  const bool val = hold_out && PartNumber(Trimmed(part.folder)) % 10 == 9;
  for (PrepareInput& row : part.rows) {
    const fs::path name = row.file;
    row.file = part.folder / name;
    if (!IsFile(row.file)) row.file = part.folder / "videos" / name;
    if (!IsFile(row.file)) {
      missing.push_back(name.string());
      continue;
    }
    if (val && row.split == "train") row.split = "val";
    row.class_name = row.label == 1 ? "fake" : "real";
    listing.inputs.push_back(std::move(row));
  }
  NoteMissing(listing, Trimmed(part.folder), missing, expected);
}

std::vector<std::string> Lacks(const fs::path& root) {
  if (!PartsIn(root).empty()) return {};
  return {"metadata.json", "dfdc_train_part_*/metadata.json", "test/labels.csv"};
}

Listing List(const fs::path& root, const LayoutOptions&) {
  std::vector<Part> parts;
  bool has_val = false;
  for (const fs::path& folder : PartsIn(root)) {
    parts.push_back(ReadPart(folder));
    for (const PrepareInput& row : parts.back().rows) has_val = has_val || row.split == "val";
  }
  Listing listing;
  for (Part& part : parts) AddPart(std::move(part), !has_val, listing);
  return listing;
}

}  // namespace

LayoutReader DfdcLayout() { return {Lacks, List}; }

}  // namespace unmask
