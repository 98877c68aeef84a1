// Celeb-DF (Li et al. 2020), version 1 or 2, as unpacked:
//
//   Celeb-real/id1_0007.mp4             a person and the number of a clip
//   YouTube-real/00170.mp4              somebody else, each another one
//   Celeb-synthesis/id1_id0_0007.mp4    the clip id1_0007 with the face of id0
//   List_of_testing_videos.txt          "1 Celeb-real/id1_0007.mp4": 1 is real, 0 is fake
//
// The listed videos are the test split. They show nearly all people of the data set, so what else
// shows one of them is left out: training on it would be training on the people of the test. What
// remains is train or, one person in ten, val. Who wants to train on Celeb-DF takes the split of
// our own, which goes by people only; a swap between people of two splits is left out.
#include <algorithm>
#include <set>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/data/layouts/makers.h"
#include "unmask/data/layouts/support.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr const char* kList = "List_of_testing_videos.txt";

struct Part {
  const char* folder;
  int label;
};
constexpr Part kParts[] = {{"Celeb-real", 0}, {"YouTube-real", 0}, {"Celeb-synthesis", 1}};

// The people in "id1_0007" or "id1_id0_0007"; in YouTube-real the clip stands for its person.
std::vector<std::string> PeopleOf(const std::string& folder, const std::string& name) {
  if (folder == "YouTube-real") return {"celeb-df/youtube-" + name};
  std::vector<std::string> people;
  for (const std::string& part : Split(name, '_')) {
    if (part.starts_with("id")) people.push_back("celeb-df/" + part);
  }
  return people;
}

// "Celeb-real/id1_0007.mp4" of each listed video. Throws where the label contradicts the folder.
std::set<std::string> ReadTestList(const fs::path& path) {
  std::set<std::string> listed;
  for (const std::string& line : ReadLines(path)) {
    const size_t space = line.find(' ');
    const std::string label = line.substr(0, space);
    const std::string file = space == std::string::npos ? "" : line.substr(space + 1);
    const bool fake = file.starts_with("Celeb-synthesis/");
    if (file.find('/') == std::string::npos || label != (fake ? "0" : "1")) {
      throw Error(path.string() + ": cannot understand the line '" + line + "'",
                  "A line reads '1 Celeb-real/id1_0007.mp4' (1 real) or "
                  "'0 Celeb-synthesis/id1_id0_0007.mp4' (0 fake)");
    }
    listed.insert(file);
  }
  return listed;
}

std::set<std::string> TestList(const fs::path& root, const LayoutOptions& options) {
  if (options.own_split || !options.split.empty()) return {};
  const fs::path path = (options.splits.empty() ? root : options.splits) / kList;
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw Error(path.string() + ": is missing, and with it the official test split",
                "Put it there, or take the split by people (--own-split) or one for all (--split)");
  }
  return ReadTestList(path);
}

std::vector<std::string> Lacks(const fs::path& root) {
  std::vector<std::string> lacks;
  std::error_code error;
  for (const char* folder : {"Celeb-real", "Celeb-synthesis"}) {
    if (!fs::is_directory(root / folder, error)) lacks.push_back(std::string(folder) + "/");
  }
  return lacks;
}

Listing List(const fs::path& root, const LayoutOptions& options) {
  Listing listing;
  std::set<std::string> listed = TestList(root, options);
  const size_t expected = listed.size();
  std::vector<PicturedFile> files;
  std::set<std::string> tested;  // people
  std::vector<std::string> unknown;
  for (const Part& part : kParts) {
    for (const auto& [name, path] : VideosIn(root / part.folder)) {
      const bool test = listed.erase(std::string(part.folder) + "/" + name + ".mp4") > 0;
      const std::vector<std::string> people = PeopleOf(part.folder, name);
      if (people.size() != (part.label == 1 ? 2u : 1u)) {
        unknown.push_back(path.filename().string());
        continue;
      }
      if (test) tested.insert(people.begin(), people.end());
      files.push_back({{.file = path,
                        .identity = people[0],
                        .split = test ? "test" : "",
                        .label = part.label,
                        .class_name = part.folder},
                       people});
    }
  }
  std::vector<std::string> left_out;
  std::erase_if(files, [&](const PicturedFile& file) {
    const bool shows = std::any_of(file.people.begin(), file.people.end(),
                                   [&](const std::string& p) { return tested.contains(p); });
    if (!file.input.split.empty() || !shows) return false;
    left_out.push_back(file.input.file.filename().string());
    return true;
  });
  NoteMissing(listing, kList, {listed.begin(), listed.end()}, expected);
  NoteLeftOut(listing, "Celeb-DF", "because their names do not say whom they show", unknown);
  NoteLeftOut(listing, "Celeb-DF",
              "because they show people of the official test videos (--own-split splits by people)",
              left_out);
  AddApart(
      std::move(files), options,
      [&](const std::string& person) {
        return options.own_split ? std::string(SplitOf(person)) : TrainOrVal(person);
      },
      "Celeb-DF", listing);
  return listing;
}

}  // namespace

LayoutReader CelebDfLayout() { return {Lacks, List}; }

}  // namespace unmask
