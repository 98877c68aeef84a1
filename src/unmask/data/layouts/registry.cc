#include "unmask/data/layouts/registry.h"

#include <algorithm>
#include <set>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/data/layouts/makers.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

void CheckOptions(const Layout& layout, const LayoutOptions& options) {
  const std::string name(layout.name);
  if (!layout.has_qualities && !options.quality.empty()) {
    throw UsageError("the layout '" + name + "' has no qualities", "Leave --quality away");
  }
  if (!layout.has_own_split && options.own_split) {
    throw UsageError("the layout '" + name + "' has no split by people but its own",
                     "Leave --own-split away");
  }
}

// Keeps what is asked for.
void TakeClasses(Listing& listing, const fs::path& root, const LayoutOptions& options) {
  if (options.classes.empty()) return;
  std::set<std::string> there;
  for (const PrepareInput& input : listing.inputs) there.insert(input.class_name);
  for (const std::string& name : options.classes) {
    if (!there.contains(name)) {
      throw Error(root.string() + ": has no file of the class '" + name + "'" +
                      (listing.notes.empty() ? "" : " (" + Join(listing.notes, "; ") + ")"),
                  "Run it with --list and without --classes to see what is there");
    }
  }
  std::erase_if(listing.inputs, [&](const PrepareInput& input) {
    return std::find(options.classes.begin(), options.classes.end(), input.class_name) ==
           options.classes.end();
  });
}

void NoteMissingValidation(Listing& listing) {
  std::set<std::string> there;
  for (const PrepareInput& input : listing.inputs) there.insert(input.split);
  if (there.contains("train") && !there.contains("val")) {
    listing.notes.push_back("there is no file for validation, which `unmask train` needs");
  }
}

}  // namespace

std::span<const Layout> Layouts() {
  static const Layout layouts[] = {
      {"ffpp", "FaceForensics++, with DeepFakeDetection",
       "original_sequences/{youtube,actors}/{raw,c23,c40}/videos, "
       "manipulated_sequences/<method>/{raw,c23,c40}/videos, and the official train.json, val.json "
       "and test.json beside them or in splits/",
       true, false, FfppLayout()},
      {"celeb-df", "Celeb-DF version 1 or 2",
       "Celeb-real/, YouTube-real/, Celeb-synthesis/ and List_of_testing_videos.txt", false, true,
       CelebDfLayout()},
      {"dfdc", "Deepfake Detection Challenge",
       "folders of videos, each with its metadata.json (training) or labels.csv (validation, test)",
       false, false, DfdcLayout()},
      {"dfdc-preview", "preview of the Deepfake Detection Challenge",
       "dataset.json, original_videos/ and method_A/, method_B/", false, false,
       DfdcPreviewLayout()},
      {"deeperforensics", "DeeperForensics-1.0",
       "manipulated_videos/<variant>/, lists/splits/{train,val,test}.txt, and in target_videos/ "
       "the "
       "c23 videos of FaceForensics++'s original_sequences/youtube",
       false, false, DeeperForensicsLayout()},
      {"ffiw", "Face Forensics in the Wild, FFIW-10K",
       "source/{train,val,test}/ with real and target/{train,val,test}/ with fake videos", false,
       false, FfiwLayout()},
      {"wilddeepfake", "WildDeepfake, sequences of face pictures",
       "real_train/, fake_train/, real_test/ and fake_test/, the archives in them unpacked", false,
       false, WildDeepfakeLayout()},
      {"folder", "your own files",
       "real/ and fake/, or a table manifest.csv or manifest.tsv with a column 'file' and any of "
       "label, class, split, identity",
       false, false, FolderLayout()},
  };
  return layouts;
}

const Layout& FindLayout(std::string_view name) {
  std::vector<std::string> known;
  for (const Layout& layout : Layouts()) {
    if (layout.name == name) return layout;
    known.emplace_back(layout.name);
  }
  ThrowUnknownName("layout", name, known);
}

const Layout* RecogniseLayout(const fs::path& root) {
  const Layout* found = nullptr;
  for (const Layout& layout : Layouts()) {
    if (!layout.reader.lacks(root).empty()) continue;
    if (found != nullptr) {
      throw UsageError(root.string() + ": fits the layouts '" + std::string(found->name) +
                           "' and '" + std::string(layout.name) + "'",
                       "Choose one with --layout");
    }
    found = &layout;
  }
  return found;
}

Listing ListDataset(const Layout& layout, const fs::path& root, const LayoutOptions& options) {
  CheckOptions(layout, options);
  std::error_code error;
  if (!fs::is_directory(root, error)) {
    throw Error(root.string() + ": is not a folder", "Give the folder of the data set");
  }
  if (const std::vector<std::string> lacks = layout.reader.lacks(root); !lacks.empty()) {
    throw Error(root.string() + ": is not laid out as " + std::string(layout.name) +
                    ": there is no " + Join(lacks, ", no "),
                "Expected: " + std::string(layout.expects));
  }
  Listing listing = layout.reader.list(root, options);
  if (listing.inputs.empty()) {
    throw Error(root.string() + ": holds no file of the layout " + std::string(layout.name) +
                    (listing.notes.empty() ? "" : " (" + Join(listing.notes, "; ") + ")"),
                "Expected: " + std::string(layout.expects));
  }
  for (PrepareInput& input : listing.inputs) {
    input = WithDefaults(std::move(input));
    if (!options.split.empty()) input.split = options.split;
  }
  TakeClasses(listing, root, options);
  RefusePeopleInTwoSplits(listing.inputs);
  NoteMissingValidation(listing);
  return listing;
}

}  // namespace unmask
