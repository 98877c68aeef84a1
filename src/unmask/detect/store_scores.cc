#include "unmask/detect/store_scores.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/detect/crop_reader.h"
#include "unmask/detect/forged_store.h"

namespace unmask {
namespace {

bool Contains(const std::vector<std::string>& list, const std::string& value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

ScoredFile WithoutScores(const SourceFile& file) {
  return {.file = file.source,
          .identity = file.identity,
          .split = file.split,
          .class_name = file.class_name,
          .quality = file.quality,
          .label = file.label,
          .tracks = {},
          .failure = file.failure};
}

[[noreturn]] void ThrowNothingSelected(const CropStore& store, const StoreSelection& selection) {
  std::set<std::string> there;
  int64_t labelled = 0;
  for (const SourceFile& file : store.files) {
    labelled += file.label >= 0;
    there.insert("split " + (file.split.empty() ? "(none)" : file.split) + ", class " +
                 (file.class_name.empty() ? "(none)" : file.class_name) +
                 (file.quality.empty() ? "" : ", quality " + file.quality));
  }
  if (labelled == 0) {
    throw Error(store.path.string() + ": none of its files has a label",
                "Prepare them again with --label, --layout or a manifest");
  }
  std::string wanted = selection.split.empty() ? "all splits" : "split " + selection.split;
  if (!selection.classes.empty()) wanted += ", class " + Join(selection.classes, " or ");
  if (!selection.quality.empty()) wanted += ", quality " + selection.quality;
  throw Error(
      store.path.string() + ": holds no labelled file of what is asked for (" + wanted + ")",
      "There are: " + Join({there.begin(), there.end()}, "; "));
}

// A face that waits to be classified, and where its score goes.
struct Task {
  const ForgedStore::File* file;
  const CropRecord* record;
  FaceScore* result;
};

// The crops of the files in order; the tracks of `scored` are laid out for the results.
std::vector<Task> LayOut(const CropStore& store, const std::vector<ForgedStore::File>& files,
                         std::vector<ScoredFile>& scored) {
  // Of each source by track, in the order of the store.
  std::map<std::string, std::map<int, std::vector<const CropRecord*>>> sources;
  for (const CropRecord& record : store.records) {
    sources[record.source][record.track].push_back(&record);
  }
  std::vector<Task> tasks;
  for (size_t i = 0; i < files.size(); ++i) {
    const auto tracks = sources.find(files[i].source);
    if (tracks == sources.end() || !scored[i].failure.empty()) continue;
    scored[i].tracks.reserve(tracks->second.size());  // results stay where they are
    for (const auto& [track, records] : tracks->second) {
      std::vector<FaceScore>& results = scored[i].tracks.emplace_back(records.size());
      for (size_t k = 0; k < records.size(); ++k) {
        tasks.push_back({&files[i], records[k], &results[k]});
      }
    }
  }
  return tasks;
}

}  // namespace

std::vector<ScoredFile> SelectFiles(const CropStore& store, const StoreSelection& selection) {
  std::vector<ScoredFile> files;
  for (const SourceFile& file : store.files) {
    const bool selected = (selection.split.empty() || file.split == selection.split) &&
                          Contains(selection.classes, file.class_name) &&
                          (selection.quality.empty() || file.quality == selection.quality);
    if (selected && file.label >= 0) files.push_back(WithoutScores(file));
  }
  if (files.empty()) ThrowNothingSelected(store, selection);
  return files;
}

std::vector<ScoredFile> ScoreStore(Classifier& classifier, const CropStore& store,
                                   const StoreSelection& selection, int threads,
                                   const CancelToken* cancel, const FaceProgress& progress) {
  const ForgedStore forged(store, selection);
  std::vector<ScoredFile> files;
  for (const ForgedStore::File& file : forged.files()) files.push_back(file.scores);
  const std::vector<Task> tasks = LayOut(store, forged.files(), files);
  CropReader reader(
      store, tasks.size(), [&](size_t i) { return forged.Crop(*tasks[i].file, *tasks[i].record); },
      classifier, threads);
  classifier.Discard();
  size_t done = 0;
  while (const auto crops = reader.Next()) {
    if (cancel != nullptr) cancel->Check();
    for (const Image& crop : *crops) classifier.Add(crop);
    const std::vector<double> scores = classifier.Run();
    for (size_t i = 0; i < scores.size(); ++i) {
      *tasks[done + i].result = {scores[i], classifier.margins()[i]};
    }
    done += scores.size();
    if (progress) progress(static_cast<int64_t>(done), static_cast<int64_t>(tasks.size()));
  }
  return files;
}

}  // namespace unmask
