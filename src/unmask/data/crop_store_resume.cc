#include "unmask/data/crop_store_resume.h"

#include <map>
#include <string>

#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

using Names = std::vector<std::pair<std::string, std::string>>;

// Everything that decides about the content of a store.
Names AllSettings(const CropStoreInfo& info) {
  Names names = {{"crop-size", std::to_string(info.crop_size)},
                 {"crop-scale", FormatFixed(info.crop_scale, 4)}};
  names.insert(names.end(), info.settings.begin(), info.settings.end());
  return names;
}

// "--crop-size was 288, is now 224", or "".
std::string DifferenceOf(const Names& before, const Names& now) {
  std::map<std::string, std::pair<std::string, std::string>> values;
  for (const auto& [name, value] : before) values[name] = {value, "not given"};
  for (const auto& [name, value] : now) {
    values.try_emplace(name, "not given", "").first->second.second = value;
  }
  for (const auto& [name, value] : values) {
    if (value.first == value.second) continue;
    return "--" + name + " was " + value.first + ", is now " + value.second;
  }
  return "";
}

std::string LabelText(int label) { return label == 1 ? "fake" : label == 0 ? "real" : "unknown"; }

std::string DifferenceOf(const SourceFile& before, const SourceFile& now) {
  const auto was = [&](const char* what, const std::string& a, const std::string& b) {
    return std::string("the ") + what + " of " + now.source + " was '" + a + "', is now '" + b +
           "'";
  };
  if (before.label != now.label) {
    return was("label", LabelText(before.label), LabelText(now.label));
  }
  if (before.identity != now.identity) return was("identity", before.identity, now.identity);
  if (before.split != now.split) return was("split", before.split, now.split);
  if (before.class_name != now.class_name) return was("class", before.class_name, now.class_name);
  if (before.quality != now.quality) return was("quality", before.quality, now.quality);
  if (before.faces_per_track != now.faces_per_track) {
    return was("faces", std::to_string(before.faces_per_track),
               std::to_string(now.faces_per_track));
  }
  return "";
}

std::string DifferenceOf(const std::vector<SourceFile>& before,
                         const std::vector<SourceFile>& now) {
  std::map<std::string, const SourceFile*> known;
  for (const SourceFile& file : before) known[file.source] = &file;
  size_t added = 0;
  std::string first_added;
  for (const SourceFile& file : now) {
    const auto found = known.find(file.source);
    if (found == known.end()) {
      if (added++ == 0) first_added = file.source;
      continue;
    }
    const std::string difference = DifferenceOf(*found->second, file);
    if (!difference.empty()) return difference;
    known.erase(found);
  }
  std::string text;
  if (added > 0) text = CountOf(added, "file") + " more, such as " + first_added;
  if (!known.empty()) {
    text += (text.empty() ? "" : "; ") + CountOf(known.size(), "file") + " less, such as " +
            known.begin()->first;
  }
  for (size_t i = 0; text.empty() && i < now.size(); ++i) {
    if (before[i].source != now[i].source) {
      text =
          "the files were given in another order, " + before[i].source + " before " + now[i].source;
    }
  }
  return text;
}

}  // namespace

void CheckSameStore(const std::filesystem::path& path, const CropStoreState& state,
                    const std::vector<SourceFile>& files, const CropStoreInfo& wanted,
                    const std::vector<SourceFile>& inputs) {
  std::string difference = DifferenceOf(AllSettings(state.info), AllSettings(wanted));
  if (difference.empty()) difference = DifferenceOf(files, inputs);
  if (difference.empty() && !state.finished && state.info.program_version != kVersion) {
    difference = "the program was version " + state.info.program_version + ", is now " + kVersion;
  }
  if (difference.empty()) return;
  if (state.finished) {
    throw Error(path.string() + ": is a finished store of something else: " + difference,
                "Prepare what is new into a store of its own (training takes several, and --merge "
                "joins them), or give --overwrite");
  }
  throw Error(path.string() + ": was begun with something else: " + difference,
              "Give the command it was begun with, another --out, or --overwrite");
}

}  // namespace unmask
