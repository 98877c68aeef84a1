#include "unmask/cli/prepare_inputs.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/data/layouts/registry.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

bool AsksForDataset(const PrepareSource& source) {
  const LayoutOptions& d = source.dataset;
  return !source.layout.empty() || !d.quality.empty() || !d.classes.empty() || !d.splits.empty() ||
         !d.split.empty() || d.own_split;
}

// The layout of the only folder given; null where the files are no data set.
const Layout* LayoutOf(const PrepareSource& source) {
  std::error_code error;
  const bool one_folder = source.files.size() == 1 && source.manifest.empty() &&
                          source.label.empty() && fs::is_directory(source.files[0], error);
  if (!source.layout.empty()) {
    const Layout& layout = FindLayout(source.layout);
    if (source.files.size() != 1 || !source.manifest.empty() || !source.label.empty()) {
      throw UsageError("--layout takes one folder, without --manifest and --label",
                       "Give the folder of the data set alone");
    }
    return &layout;
  }
  const Layout* layout = one_folder ? RecogniseLayout(source.files[0]) : nullptr;
  if (layout == nullptr && AsksForDataset(source)) {
    std::vector<std::string> names;
    for (const Layout& known : Layouts()) names.emplace_back(known.name);
    throw UsageError(
        "--quality, --classes, --splits, --split and --own-split are for a data set, "
        "and no layout is recognised",
        "Give its folder alone, and --layout with one of " + Join(names, ", "));
  }
  return layout;
}

// Files by label and class, and by split.
using Counts = std::map<std::pair<int, std::string>, std::map<std::string, int64_t>>;

Counts CountsOf(const Listing& listing) {
  Counts counts;
  for (const PrepareInput& input : listing.inputs) {
    const PrepareInput known = WithDefaults(input);
    ++counts[{known.label, known.class_name}][known.split];
  }
  return counts;
}

constexpr const char* kSplits[] = {"train", "val", "test"};

std::string LabelText(int label) { return label == 1 ? "fake" : label == 0 ? "real" : ""; }

}  // namespace

PrepareSelection SelectInputs(const PrepareSource& source) {
  PrepareSelection selection;
  if (const Layout* layout = LayoutOf(source)) {
    selection.layout = layout->name;
    selection.listing = ListDataset(*layout, source.files[0], source.dataset);
    return selection;
  }
  std::vector<PrepareInput>& inputs = selection.listing.inputs;
  if (!source.manifest.empty()) inputs = ReadManifest(source.manifest);
  if (source.files.empty() && inputs.empty()) {
    throw UsageError("nothing to prepare", "Give files, folders or --manifest TABLE");
  }
  if (source.files.empty()) {
    if (!source.label.empty()) {
      throw UsageError("--label is for FILES; what --manifest lists has its own column label",
                       "Leave out --label, or fill the column");
    }
    return selection;
  }
  const int label = source.label == "fake" ? 1 : source.label == "real" ? 0 : -1;
  for (const fs::path& path : source.files) {
    try {
      for (const fs::path& file : ExpandMedia({path})) {
        inputs.push_back({.file = file, .label = label});
      }
    } catch (const Error& e) {
      // A folder without media beside others is no reason to stop.
      if (source.files.size() == 1) throw;
      selection.listing.notes.push_back(e.problem());
    }
  }
  if (inputs.empty()) {
    throw Error("none of the folders holds videos or pictures",
                "Files of other extensions can be given by name");
  }
  return selection;
}

Json SelectionToJson(const PrepareSelection& selection) {
  Json json = {{"layout", selection.layout},
               {"files", selection.listing.inputs.size()},
               {"classes", Json::array()},
               {"notes", selection.listing.notes}};
  for (const auto& [key, splits] : CountsOf(selection.listing)) {
    Json row = {{"class", key.second}, {"label", LabelText(key.first)}};
    for (const char* split : kSplits) {
      row[split] = splits.contains(split) ? splits.at(split) : 0;
    }
    json["classes"].push_back(std::move(row));
  }
  return json;
}

std::string SelectionToText(const PrepareSelection& selection) {
  const Counts counts = CountsOf(selection.listing);
  size_t width = 5;
  for (const auto& [key, splits] : counts) width = std::max(width, key.second.size());
  const auto line = [&](const std::string& name, const std::string& label, auto cell) {
    std::string text = name + std::string(width - name.size() + 2, ' ') + label +
                       std::string(label.size() < 5 ? 5 - label.size() : 0, ' ');
    for (const char* split : kSplits) {
      char number[32];
      std::snprintf(number, sizeof number, "%8s", std::string(cell(split)).c_str());
      text += number;
    }
    return text + "\n";
  };
  std::string text = line("class", "label", [](const std::string& split) { return split; });
  for (const auto& [key, splits] : counts) {
    const auto& of_split = splits;
    text += line(key.second, LabelText(key.first), [&](const std::string& split) {
      return std::to_string(of_split.contains(split) ? of_split.at(split) : 0);
    });
  }
  return text;
}

}  // namespace unmask
