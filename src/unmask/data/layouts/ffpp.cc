// FaceForensics++ (Rössler et al. 2019), as its download script lays it out:
//
//   original_sequences/youtube/<quality>/videos/071.mp4
//   manipulated_sequences/<method>/<quality>/videos/071_054.mp4      target_source
//   original_sequences/actors/<quality>/videos/01__exit_phone_room.mp4
//   manipulated_sequences/DeepFakeDetection/<quality>/videos/01_02__exit_phone_room__YVGY8LOK.mp4
//   train.json, val.json, test.json                                  [["071", "054"], …]
//
// The lists are those of the authors' repository (dataset/splits): 360, 70 and 70 pairs of videos,
// each manipulated in both directions. The four files of a pair's two people share one identity, so
// none of them can straddle splits. (The 1000 videos come from 977 of YouTube, and the lists say
// nothing of people who appear in several: that much the official split leaves open.)
//
// DeepFakeDetection has no official split. Ours is by actor: 01–20 train, 21–24 val, 25–28 test; a
// swap between actors of two splits is left out.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/base/text.h"
#include "unmask/data/layouts/makers.h"
#include "unmask/data/layouts/support.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Sequence {
  const char* class_name;
  const char* folder;
  bool of_actors;
  int label;
};

constexpr Sequence kSequences[] = {
    {"real", "original_sequences/youtube", false, 0},
    {"Deepfakes", "manipulated_sequences/Deepfakes", false, 1},
    {"Face2Face", "manipulated_sequences/Face2Face", false, 1},
    {"FaceSwap", "manipulated_sequences/FaceSwap", false, 1},
    {"NeuralTextures", "manipulated_sequences/NeuralTextures", false, 1},
    {"FaceShifter", "manipulated_sequences/FaceShifter", false, 1},
    {"actors", "original_sequences/actors", true, 0},
    {"DeepFakeDetection", "manipulated_sequences/DeepFakeDetection", true, 1},
};
constexpr const char* kQualities[] = {"raw", "c23", "c40"};
constexpr const char* kSplits[] = {"train", "val", "test"};

fs::path VideoFolder(const fs::path& root, const Sequence& sequence, const std::string& quality) {
  return root / sequence.folder / quality / "videos";
}

bool HasQuality(const fs::path& root, const std::string& quality) {
  std::error_code error;
  return std::any_of(std::begin(kSequences), std::end(kSequences), [&](const Sequence& sequence) {
    return fs::is_directory(VideoFolder(root, sequence, quality), error);
  });
}

std::string ChooseQuality(const fs::path& root, const LayoutOptions& options) {
  std::vector<std::string> there;
  for (const char* quality : kQualities) {
    if (HasQuality(root, quality)) there.emplace_back(quality);
  }
  if (there.empty()) {
    throw Error(root.string() +
                    ": no …/{raw,c23,c40}/videos in original_sequences/youtube or any "
                    "other sequence",
                "Download videos of one quality, such as c23");
  }
  if (options.quality.empty()) {
    if (there.size() == 1) return there[0];
    throw UsageError(root.string() + ": holds the qualities " + Join(there, ", "),
                     "Choose one with --quality");
  }
  if (std::find(there.begin(), there.end(), options.quality) == there.end()) {
    throw Error(root.string() + ": holds no quality '" + options.quality + "'",
                "It holds " + Join(there, ", "));
  }
  return options.quality;
}

struct Pair {
  std::string first, second, split;
  std::string identity() const {
    return "ffpp/" + std::min(first, second) + "_" + std::max(first, second);
  }
};

fs::path FindSplits(const fs::path& root, const LayoutOptions& options) {
  std::vector<fs::path> places = {root, root / "splits"};
  if (!options.splits.empty()) places = {options.splits};
  std::error_code error;
  for (const fs::path& place : places) {
    if (std::any_of(std::begin(kSplits), std::end(kSplits), [&](const std::string& split) {
          return fs::exists(place / (split + ".json"), error);
        })) {
      return place;
    }
  }
  std::vector<std::string> names;
  for (const fs::path& place : places) names.push_back(place.string());
  throw Error(
      "the official lists train.json, val.json and test.json are not in " + Join(names, " or "),
      "Take them from dataset/splits of the FaceForensics++ repository and put them there, "
      "or name their folder with --splits");
}

std::vector<Pair> ReadPairs(const fs::path& folder) {
  std::vector<Pair> pairs;
  std::map<std::string, std::string> seen;  // id → list
  for (const std::string split : kSplits) {
    const fs::path path = folder / (split + ".json");
    std::vector<std::vector<std::string>> entries;
    const Json json = ReadJson(path);
    try {
      json.get_to(entries);
    } catch (const nlohmann::json::exception& e) {
      throw Error(path.string() + ": is not a list of pairs of video names (" + e.what() + ")",
                  "It should read [[\"071\", \"054\"], …]");
    }
    for (const std::vector<std::string>& entry : entries) {
      if (entry.size() != 2) {
        throw Error(
            path.string() + ": an entry has " + std::to_string(entry.size()) + " names, not 2",
            "It should read [[\"071\", \"054\"], …]");
      }
      for (const std::string& id : entry) {
        const auto [known, is_new] = seen.emplace(id, split);
        if (!is_new) {
          throw Error(
              path.string() + ": the video '" + id + "' is already in " + known->second + ".json",
              "Take the official lists unchanged: nobody may be in two splits");
        }
      }
      pairs.push_back({entry[0], entry[1], split});
    }
  }
  return pairs;
}

void AddPairs(const fs::path& folder, const Sequence& sequence, const std::vector<Pair>& pairs,
              const std::string& quality, Listing& listing) {
  std::map<std::string, fs::path> videos = VideosIn(folder);
  std::map<std::string, const Pair*> expected;
  for (const Pair& pair : pairs) {
    const bool real = sequence.label == 0;
    expected[real ? pair.first : pair.first + "_" + pair.second] = &pair;
    expected[real ? pair.second : pair.second + "_" + pair.first] = &pair;
  }
  const std::string what = std::string(sequence.class_name) + " in " + quality;
  std::vector<std::string> missing, unlisted;
  for (const auto& [name, pair] : expected) {
    const auto video = videos.extract(name);
    if (video.empty()) {
      missing.push_back(name + ".mp4");
      continue;
    }
    listing.inputs.push_back({.file = video.mapped(),
                              .identity = pair->identity(),
                              .split = pair->split,
                              .label = sequence.label,
                              .class_name = sequence.class_name,
                              .quality = quality});
  }
  for (const auto& [name, path] : videos) unlisted.push_back(path.filename().string());
  NoteMissing(listing, what, missing, expected.size());
  NoteLeftOut(listing, what, "because the official lists do not name them", unlisted);
}

// The actors in a name such as "01_02__exit_phone_room__YVGY8LOK" or "01__exit_phone_room".
std::optional<std::vector<std::string>> ActorsOf(const std::string& name, size_t count) {
  const size_t end = name.find("__");
  if (end == std::string::npos) return std::nullopt;
  const std::vector<std::string> actors = Split(name.substr(0, end), '_');
  const auto is_number = [](const std::string& text) {
    return text.size() == 2 && text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (actors.size() != count || !std::all_of(actors.begin(), actors.end(), is_number)) {
    return std::nullopt;
  }
  return actors;
}

std::string SplitOfActor(const std::string& actor) {
  const int number = std::stoi(actor);
  return number <= 20 ? "train" : number <= 24 ? "val" : "test";
}

void AddActors(const fs::path& folder, const Sequence& sequence, const std::string& quality,
               const LayoutOptions& options, Listing& listing) {
  const std::string what = std::string(sequence.class_name) + " in " + quality;
  std::vector<PicturedFile> files;
  std::vector<std::string> unknown;
  for (const auto& [name, path] : VideosIn(folder)) {
    const auto actors = ActorsOf(name, sequence.label == 0 ? 1 : 2);
    if (!actors) {
      unknown.push_back(path.filename().string());
      continue;
    }
    files.push_back({{.file = path,
                      .identity = "dfd/" + actors->front(),
                      .split = "",
                      .label = sequence.label,
                      .class_name = sequence.class_name,
                      .quality = quality},
                     *actors});
  }
  NoteLeftOut(listing, what, "because their names do not begin with actors", unknown);
  AddApart(std::move(files), options, SplitOfActor, what, listing);
}

std::vector<std::string> Lacks(const fs::path& root) {
  std::error_code error;
  for (const Sequence& sequence : kSequences) {
    if (fs::is_directory(root / sequence.folder, error)) return {};
  }
  return {"original_sequences/youtube", "manipulated_sequences/Deepfakes",
          "other sequence of FaceForensics++"};
}

void CheckClasses(const std::vector<std::string>& classes) {
  std::vector<std::string> known;
  for (const Sequence& sequence : kSequences) known.emplace_back(sequence.class_name);
  for (const std::string& name : classes) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      ThrowUnknownName("class", name, known);
    }
  }
}

Listing List(const fs::path& root, const LayoutOptions& options) {
  CheckClasses(options.classes);
  const std::string quality = ChooseQuality(root, options);
  Listing listing;
  std::vector<Pair> pairs;
  for (const Sequence& sequence : kSequences) {
    if (!Wants(options, sequence.class_name)) continue;
    const fs::path folder = VideoFolder(root, sequence, quality);
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
      listing.notes.push_back("no " + std::string(sequence.class_name) + " in " + quality +
                              ": there is no folder " + folder.string());
    } else if (sequence.of_actors) {
      AddActors(folder, sequence, quality, options, listing);
    } else {
      if (pairs.empty()) pairs = ReadPairs(FindSplits(root, options));
      AddPairs(folder, sequence, pairs, quality, listing);
    }
  }
  return listing;
}

}  // namespace

LayoutReader FfppLayout() { return {Lacks, List}; }

}  // namespace unmask
