// Face Forensics in the Wild, FFIW-10K (Zhou et al. 2021), as unpacked:
//
//   source/{train,val,test}/….mp4    real
//   target/{train,val,test}/….mp4    fake; several people are in view, one or some are swapped
//
// Some copies have a folder videos/ below the split. Train and val came with the first release,
// test in one of its own: what is there is taken. The label is the video's: in a fake one, faces
// that were left alone count as fake too, which trains and measures faces wrongly and videos
// rightly. We assume that a fake video has the name of the real one it was made of; the two share
// an identity.
#include "unmask/data/layouts/makers.h"
#include "unmask/data/layouts/support.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> Lacks(const fs::path& root) {
  std::vector<std::string> lacks;
  std::error_code error;
  for (const char* folder : {"source", "target"}) {
    bool has_split = false;
    for (const char* split : {"train", "val", "test"}) {
      has_split = has_split || fs::is_directory(root / folder / split, error);
    }
    if (!has_split) lacks.push_back(std::string(folder) + "/{train,val,test}/");
  }
  return lacks;
}

Listing List(const fs::path& root, const LayoutOptions&) {
  Listing listing;
  for (const std::string split : {"train", "val", "test"}) {
    for (const std::string part : {"source", "target"}) {
      const bool fake = part == "target";
      const fs::path folder = root / part / split;
      std::map<std::string, fs::path> videos = VideosIn(folder);
      videos.merge(VideosIn(folder / "videos"));
      if (videos.empty()) listing.notes.push_back("no video in " + folder.string());
      for (const auto& [name, path] : videos) {
        listing.inputs.push_back({.file = path,
                                  .identity = "ffiw/" + split + "/" + name,
                                  .split = split,
                                  .label = fake ? 1 : 0,
                                  .class_name = fake ? "fake" : "real"});
      }
    }
  }
  return listing;
}

}  // namespace

LayoutReader FfiwLayout() { return {Lacks, List}; }

}  // namespace unmask
