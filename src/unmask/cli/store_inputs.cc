#include "unmask/cli/store_inputs.h"

#include <algorithm>
#include <map>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/detect/store_scores.h"

namespace unmask {

void CheckClasses(const std::vector<std::string>& wanted, const std::vector<ScoredFile>& files) {
  std::map<std::string, const ScoredFile*> known;
  for (const ScoredFile& file : files) {
    const ScoredFile& first = *known.emplace(file.class_or_label(), &file).first->second;
    if (first.label == file.label) continue;
    const ScoredFile& real = file.label == 0 ? file : first;
    const ScoredFile& fake = file.label == 0 ? first : file;
    throw Error("the class '" + file.class_or_label() + "' has real and fake files, such as " +
                    real.file + " and " + fake.file,
                "Give real and fake files classes of different names");
  }
  std::vector<std::string> names;
  for (const auto& [name, file] : known) names.push_back(name);
  for (const std::string& name : wanted) {
    if (!known.contains(name)) ThrowUnknownName("class", name, names);
  }
}

std::vector<ScoredFile> LabelledFiles(const CropStores& stores) {
  std::vector<ScoredFile> files;
  for (const auto& store : stores) {
    const bool any = std::any_of(store->files.begin(), store->files.end(),
                                 [](const SourceFile& file) { return file.label >= 0; });
    if (!any) continue;  // SelectFiles() says so
    for (ScoredFile& file : SelectFiles(*store, {.split = ""})) files.push_back(std::move(file));
  }
  return files;
}

CropStores StoresWith(const CropStores& stores, const StoreSelection& selection) {
  CropStores chosen;
  for (size_t i = 0; i < stores.size(); ++i) {
    try {
      SelectFiles(*stores[i], selection);
      chosen.push_back(stores[i]);
    } catch (const Error& e) {
      if (chosen.empty() && i + 1 == stores.size()) throw;
      PrintNote(e.problem());
    }
  }
  return chosen;
}

std::vector<ScoredFile> ScoreFaces(Classifier& classifier, const CropStores& stores,
                                   const StoreSelection& selection, int threads,
                                   const std::string& label) {
  const auto progress = MakeProgress(label, "faces");
  std::vector<ScoredFile> files;
  for (const auto& store : stores) {
    const std::string note = store->path.filename().string();
    for (ScoredFile& file :
         ScoreStore(classifier, *store, selection, threads, &GlobalCancelToken(),
                    [&](int64_t done, int64_t total) { progress->Update(done, total, note); })) {
      files.push_back(std::move(file));
    }
  }
  progress->Finish();
  return files;
}

int64_t CountUnlabelled(const CropStores& stores, const StoreSelection& selection) {
  int64_t count = 0;
  for (const auto& store : stores) {
    for (const SourceFile& file : store->files) {
      count += file.label < 0 && (selection.split.empty() || file.split == selection.split);
    }
  }
  return count;
}

}  // namespace unmask
