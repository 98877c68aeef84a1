// Your own files: folders real/ and fake/ with videos and pictures, however deep, or a table
// manifest.csv or manifest.tsv (see ReadManifest), which goes first.
//
// Below fake/ and real/, the first folder names the class: fake/FaceSwap/a.mp4 is of the class
// "FaceSwap", fake/b.mp4 of the class "fake". File names say nothing of people: every file counts
// as a person of its own, and equal names without extension as the same one. Where people appear in
// several files, only the table can keep them in one split.
#include "unmask/base/error.h"
#include "unmask/data/layouts/makers.h"
#include "unmask/data/layouts/support.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

fs::path TableOf(const fs::path& root) {
  std::error_code error;
  for (const char* name : {"manifest.csv", "manifest.tsv"}) {
    if (fs::is_regular_file(root / name, error)) return root / name;
  }
  return {};
}

std::vector<std::string> Lacks(const fs::path& root) {
  std::error_code error;
  if (!TableOf(root).empty()) return {};
  std::vector<std::string> lacks;
  for (const char* name : {"real", "fake"}) {
    if (!fs::is_directory(root / name, error)) lacks.push_back(std::string(name) + "/");
  }
  if (!lacks.empty()) lacks.insert(lacks.end(), {"manifest.csv", "manifest.tsv"});
  return lacks;
}

Listing ListTable(const fs::path& table) {
  Listing listing;
  std::vector<std::string> missing;
  std::vector<PrepareInput> rows = ReadManifest(table);
  for (PrepareInput& row : rows) {
    std::error_code error;
    if (fs::exists(row.file, error)) {
      listing.inputs.push_back(std::move(row));
    } else {
      missing.push_back(row.file.string());
    }
  }
  NoteMissing(listing, table.filename().string(), missing, rows.size());
  return listing;
}

Listing List(const fs::path& root, const LayoutOptions&) {
  if (const fs::path table = TableOf(root); !table.empty()) return ListTable(table);
  Listing listing;
  for (const std::string name : {"real", "fake"}) {
    const fs::path folder = root / name;
    for (const fs::path& file : ExpandMedia({folder})) {
      const fs::path below = file.lexically_relative(folder);
      const bool nested = std::next(below.begin()) != below.end();
      listing.inputs.push_back({.file = file,
                                .identity = file.stem().string(),
                                .split = "",
                                .label = name == "fake" ? 1 : 0,
                                .class_name = nested ? below.begin()->string() : name});
    }
  }
  return listing;
}

}  // namespace

LayoutReader FolderLayout() { return {Lacks, List}; }

}  // namespace unmask
