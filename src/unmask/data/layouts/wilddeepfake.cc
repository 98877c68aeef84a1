// WildDeepfake (Zi et al. 2020): pictures of faces, cut from videos of the internet, as unpacked:
//
//   real_train/12/real/161/0.png      archive of one video, sequence, picture
//   fake_train/…, real_test/…, fake_test/…
//
// (the archives may have been unpacked into any folder below, such as extracted/). A folder that
// holds pictures is a sequence, the folder below the part (or below extracted/) a video, and videos
// are all that is known of people: one video in ten of train is val. The sets are large: of each
// sequence LayoutOptions::pictures_per_sequence pictures are taken, spread evenly.
#include <algorithm>

#include "unmask/data/layouts/makers.h"
#include "unmask/data/layouts/support.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Part {
  const char* folder;
  const char* split;
  int label;
};
constexpr Part kParts[] = {{"real_train", "train", 0},
                           {"fake_train", "train", 1},
                           {"real_test", "test", 0},
                           {"fake_test", "test", 1}};

// Numbered names in the order of their numbers.
bool InOrder(const fs::path& a, const fs::path& b) {
  const std::string x = a.stem().string(), y = b.stem().string();
  return x.size() != y.size() ? x.size() < y.size() : x < y;
}

// Sequences below `folder`: pictures by the folder they lie in.
std::map<fs::path, std::vector<fs::path>> SequencesIn(const fs::path& folder) {
  std::map<fs::path, std::vector<fs::path>> sequences;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && IsPicturePath(entry->path())) {
      sequences[entry->path().parent_path()].push_back(entry->path());
    }
  }
  for (auto& [name, pictures] : sequences) std::sort(pictures.begin(), pictures.end(), InOrder);
  return sequences;
}

std::vector<fs::path> Spread(const std::vector<fs::path>& pictures, int count) {
  const size_t n = pictures.size();
  const auto wanted = static_cast<size_t>(std::max(count, 0));
  if (wanted == 0 || n <= wanted) return pictures;
  std::vector<fs::path> chosen;
  for (size_t i = 0; i < wanted; ++i) chosen.push_back(pictures[(2 * i + 1) * n / (2 * wanted)]);
  return chosen;
}

std::string VideoOf(const fs::path& sequence, const fs::path& part) {
  const fs::path below = sequence.lexically_relative(part);
  auto name = below.begin();
  if (*name == "extracted" && std::next(name) != below.end()) ++name;
  return "wilddeepfake/" + part.filename().string() + "/" + name->string();
}

std::vector<std::string> Lacks(const fs::path& root) {
  std::vector<std::string> lacks;
  std::error_code error;
  for (const Part& part : kParts) {
    if (fs::is_directory(root / part.folder, error)) return {};
    lacks.push_back(std::string(part.folder) + "/");
  }
  return lacks;
}

Listing List(const fs::path& root, const LayoutOptions& options) {
  Listing listing;
  for (const Part& part : kParts) {
    const fs::path folder = root / part.folder;
    const auto sequences = SequencesIn(folder);
    if (sequences.empty()) {
      listing.notes.push_back("no picture in " + folder.string() + " (are its archives unpacked?)");
    }
    for (const auto& [sequence, pictures] : sequences) {
      const std::string video = VideoOf(sequence, folder);
      const std::string split = part.split == std::string("train") ? TrainOrVal(video) : part.split;
      for (const fs::path& picture : Spread(pictures, options.pictures_per_sequence)) {
        listing.inputs.push_back({.file = picture,
                                  .identity = video,
                                  .split = split,
                                  .label = part.label,
                                  .class_name = part.label == 1 ? "fake" : "real"});
      }
    }
  }
  return listing;
}

}  // namespace

LayoutReader WildDeepfakeLayout() { return {Lacks, List}; }

}  // namespace unmask
