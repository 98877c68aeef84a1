#include "unmask/detect/store_scores.h"

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "unmask/base/bounded_queue.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/sampling/augment.h"

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
  const CropRecord* record;
  FaceScore* result;
};

// Reads the crops of batch after batch in several threads and hands them out in order.
class CropReader {
 public:
  CropReader(const CropStore& store, const std::vector<Task>& tasks, const AugmentOptions& view,
             size_t batch, size_t workers)
      : store_(store), tasks_(tasks), view_(view), batch_(batch) {
    for (size_t w = 0; w < workers; ++w) queues_.push_back(std::make_unique<Queue>(2));
    try {
      for (size_t w = 0; w < workers; ++w) threads_.emplace_back(&CropReader::Work, this, w);
    } catch (const std::system_error& e) {
      Stop();
      throw Error(std::string("cannot start the threads that read crops: ") + e.what(),
                  "Give fewer --threads");
    }
  }
  ~CropReader() { Stop(); }
  CropReader(const CropReader&) = delete;
  CropReader& operator=(const CropReader&) = delete;

  // The crops of the next batch; nothing after the last.
  std::optional<std::vector<Image>> Next() { return queues_[turn_++ % queues_.size()]->Pop(); }

 private:
  using Queue = BoundedQueue<std::vector<Image>>;

  // Worker w reads the batches w, w + workers, …
  void Work(size_t worker) {
    Queue& queue = *queues_[worker];
    try {
      const size_t stride = batch_ * queues_.size();
      for (size_t begin = worker * batch_; begin < tasks_.size(); begin += stride) {
        std::vector<Image> crops;
        for (size_t i = begin; i < std::min(begin + batch_, tasks_.size()); ++i) {
          crops.push_back(CentreCrop(store_.ReadCrop(*tasks_[i].record), view_));
        }
        if (!queue.Push(std::move(crops))) return;
      }
      queue.Finish();
    } catch (...) {
      queue.Finish(std::current_exception());
    }
  }

  void Stop() {
    for (auto& queue : queues_) queue->Close();
    for (std::thread& thread : threads_) thread.join();
  }

  const CropStore& store_;
  const std::vector<Task>& tasks_;
  const AugmentOptions view_;
  const size_t batch_;
  std::vector<std::unique_ptr<Queue>> queues_;  // one a worker
  std::vector<std::thread> threads_;
  size_t turn_ = 0;
};

// The crops of the files in order; the tracks of the files are laid out for the results.
std::vector<Task> LayOut(const CropStore& store, std::vector<ScoredFile>& files) {
  std::map<std::string, size_t> number_of;
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i].failure.empty()) number_of.emplace(files[i].file, i);
  }
  // By file and track, in the order of the store.
  std::map<std::pair<size_t, int>, std::vector<const CropRecord*>> tracks;
  for (const CropRecord& record : store.records) {
    const auto file = number_of.find(record.source);
    if (file != number_of.end()) tracks[{file->second, record.track}].push_back(&record);
  }
  for (const auto& [place, records] : tracks) {
    files[place.first].tracks.emplace_back(records.size());
  }
  std::vector<Task> tasks;
  std::vector<size_t> laid_out(files.size(), 0);
  for (const auto& [place, records] : tracks) {
    std::vector<FaceScore>& results = files[place.first].tracks[laid_out[place.first]++];
    for (size_t i = 0; i < records.size(); ++i) tasks.push_back({records[i], &results[i]});
  }
  return tasks;
}

AugmentOptions ViewOf(const Classifier& classifier, const CropStore& store) {
  const AlignmentOptions wanted = classifier.alignment();
  if (store.info.crop_scale < wanted.scale - 1e-6) {
    throw Error(store.path.string() + ": its crops show the face at scale " +
                    FormatFixed(store.info.crop_scale, 2) + ", less than the " +
                    FormatFixed(wanted.scale, 2) + " that the model " + classifier.metadata().name +
                    " wants",
                "Prepare the files again with --crop-scale " + FormatFixed(wanted.scale, 2));
  }
  return {.strength = 0,
          .output_size = wanted.size,
          .input_scale = store.info.crop_scale,
          .output_scale = wanted.scale};
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
  std::vector<ScoredFile> files = SelectFiles(store, selection);
  const AugmentOptions view = ViewOf(classifier, store);
  const std::vector<Task> tasks = LayOut(store, files);
  if (threads <= 0) threads = static_cast<int>(std::thread::hardware_concurrency());
  CropReader reader(store, tasks, view, static_cast<size_t>(classifier.batch()),
                    static_cast<size_t>(std::clamp(threads, 1, 64)));
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
