// DeeperForensics-1.0 (Jiang et al. 2020), as unpacked:
//
//   manipulated_videos/<variant>/000_M101.mp4     target video of FaceForensics++, source actor
//   lists/splits/{train,val,test}.txt             one such name a line
//   source_videos/…                               recordings of the actors
//
// Its authors say that the source videos are not its real part: that is the target videos, which
// they may not hand on. We look for them as target_videos/000.mp4: copy or link
// original_sequences/youtube/c23/videos of FaceForensics++ to that name. A target video has the
// split and the identity of the actor who was put into it. The source videos are not used. Beware
// that the lists split FaceForensics++ otherwise than its own do.
#include "unmask/base/error.h"
#include "unmask/data/layouts/makers.h"
#include "unmask/data/layouts/support.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFakes = "manipulated_videos";
constexpr const char* kTargets = "target_videos";

struct Swap {
  std::string target, actor, split;
};

std::map<std::string, Swap> ReadSplits(const fs::path& folder) {
  std::map<std::string, Swap> swaps;
  std::map<std::string, std::string> targets;  // → actor
  for (const std::string split : {"train", "val", "test"}) {
    const fs::path path = folder / (split + ".txt");
    for (const std::string& line : ReadLines(path)) {
      const std::string name = fs::path(line).stem().string();
      const size_t bar = name.find('_');
      if (bar == std::string::npos) {
        throw Error(path.string() + ": cannot understand the line '" + line + "'",
                    "A line reads 000_M101.mp4: target video, source actor");
      }
      const Swap swap{name.substr(0, bar), name.substr(bar + 1), split};
      const auto [known, is_new] = swaps.emplace(name, swap);
      if (!is_new && known->second.split != split) {
        throw Error(
            path.string() + ": '" + line + "' is already in " + known->second.split + ".txt",
            "Take the official lists unchanged: nobody may be in two splits");
      }
      const auto [target, first] = targets.emplace(swap.target, swap.actor);
      if (!first && target->second != swap.actor) {
        throw Error(path.string() + ": the target video '" + swap.target + "' has two actors, " +
                    target->second + " and " + swap.actor);
      }
    }
  }
  return swaps;
}

void AddClass(const fs::path& folder, const std::string& class_name, bool fake,
              const std::map<std::string, Swap>& swaps, Listing& listing) {
  std::map<std::string, fs::path> videos = VideosIn(folder);
  std::vector<std::string> missing, unlisted;
  for (const auto& [name, swap] : swaps) {
    const auto video = videos.extract(fake ? name : swap.target);
    if (video.empty()) {
      missing.push_back((fake ? name : swap.target) + ".mp4");
      continue;
    }
    listing.inputs.push_back({.file = video.mapped(),
                              .identity = "deeperforensics/" + swap.actor,
                              .split = swap.split,
                              .label = fake ? 1 : 0,
                              .class_name = class_name});
  }
  for (const auto& [name, path] : videos) unlisted.push_back(path.filename().string());
  NoteMissing(listing, class_name, missing, swaps.size());
  NoteLeftOut(listing, class_name, "because the lists do not name them", unlisted);
}

std::vector<std::string> Lacks(const fs::path& root) {
  std::error_code error;
  if (fs::is_directory(root / kFakes, error)) return {};
  return {std::string(kFakes) + "/"};
}

Listing List(const fs::path& root, const LayoutOptions& options) {
  const fs::path lists = options.splits.empty() ? root / "lists" / "splits" : options.splits;
  const std::map<std::string, Swap> swaps = ReadSplits(lists);
  Listing listing;
  std::error_code error;
  if (Wants(options, "real")) {
    if (fs::is_directory(root / kTargets, error)) {
      AddClass(root / kTargets, "real", false, swaps, listing);
    } else {
      listing.notes.push_back(
          "no real videos: there is no target_videos/; copy or link "
          "original_sequences/youtube/c23/videos of FaceForensics++ to that name");
    }
  }
  for (const fs::path& folder : FoldersIn(root / kFakes)) {
    const std::string variant = folder.filename().string();
    if (Wants(options, variant)) AddClass(folder, variant, true, swaps, listing);
  }
  return listing;
}

}  // namespace

LayoutReader DeeperForensicsLayout() { return {Lacks, List}; }

}  // namespace unmask
