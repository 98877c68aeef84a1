#include "unmask/data/prepare.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/data/crop_store_database.h"
#include "unmask/data/crop_store_format.h"
#include "unmask/data/crop_store_writer.h"
#include "unmask/data/prepare_worker.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using ProgressFunction = std::function<void(int64_t, int64_t, const std::string&)>;

constexpr size_t kFacesAhead = 64;  // packed, some 40 KB each

SourceFile FileOf(const PrepareInput& input) {
  return {.source = input.file.string(),
          .identity = input.identity,
          .split = input.split,
          .label = input.label,
          .class_name = input.class_name,
          .quality = input.quality,
          .faces_per_track = input.faces,
          .failure = "",
          .remedy = ""};
}

bool SayTheSame(const PrepareInput& a, const PrepareInput& b) {
  return a.identity == b.identity && a.split == b.split && a.label == b.label &&
         a.faces == b.faces && a.class_name == b.class_name && a.quality == b.quality;
}

// The inputs of this shard, each file once, with everything filled in.
std::vector<PrepareInput> InputsOf(const std::vector<PrepareInput>& given,
                                   const PrepareOptions& options) {
  std::map<fs::path, PrepareInput> known;
  std::vector<PrepareInput> inputs;
  size_t number = 0;
  for (const PrepareInput& bare : given) {
    const PrepareInput input = WithDefaults(bare);
    const auto [found, is_new] = known.emplace(input.file.lexically_normal(), input);
    if (!is_new && !SayTheSame(found->second, input)) {
      throw Error(input.file.string() +
                      ": is given twice, and not with the same label, class, "
                      "identity, split, quality and faces",
                  "Give it once");
    }
    const bool ours = is_new && number++ % static_cast<size_t>(options.shards) ==
                                    static_cast<size_t>(options.shard - 1);
    if (ours) inputs.push_back(input);
  }
  std::vector<PrepareInput> all;  // of every shard: each refuses what only another one holds
  for (auto& [path, input] : known) all.push_back(std::move(input));
  RefusePeopleInTwoSplits(all);
  return inputs;
}

CropStoreInfo InfoOf(const PrepareOptions& options) {
  CropStoreInfo info{.crop_size = options.crop_size,
                     .crop_scale = options.crop_scale,
                     .program_version = "",
                     .settings = {{"faces-per-track", std::to_string(options.faces_per_track)},
                                  {"detect-fps", FormatFixed(options.detect_fps, 4)},
                                  {"single-face", options.single_face ? "yes" : "no"}}};
  if (options.shards > 1) {
    info.settings.emplace_back(
        "shard", std::to_string(options.shard) + "/" + std::to_string(options.shards));
  }
  return info;
}

[[noreturn]] void RefuseWithoutFaces(const std::vector<SourceFile>& files) {
  const std::string remedy = "Give videos or pictures with faces of at least 40 pixels";
  const auto failed =
      std::find_if(files.begin(), files.end(), [](const auto& f) { return !f.failure.empty(); });
  if (files.size() == 1 && failed != files.end()) throw Error(failed->failure, failed->remedy);
  if (files.size() == 1) throw Error("no face was found in " + files[0].source, remedy);
  const std::string cause = failed == files.end() ? "" : " (" + failed->failure + ", and so on)";
  throw Error("no face was found in any of the " + std::to_string(files.size()) + " files" + cause,
              remedy);
}

// Hands the files that are not done to workers and writes what they report.
class Preparation {
 public:
  Preparation(const std::vector<PrepareInput>& inputs, const PrepareOptions& options,
              const CancelToken* cancel, CropStoreWriter& writer)
      : inputs_(inputs), options_(options), cancel_(cancel), writer_(writer) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!writer.IsDone(i)) waiting_.push_back(i);
    }
  }

  ~Preparation() { Stop(); }

  void Run(const ProgressFunction& progress) {
    if (progress) progress(writer_.done(), static_cast<int64_t>(inputs_.size()), "");
    if (waiting_.empty()) return;
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    const int threads = options_.threads > 0 ? options_.threads : cores;
    const int wanted = options_.jobs > 0 ? options_.jobs : threads;
    const int jobs = std::min(wanted, static_cast<int>(std::min<size_t>(waiting_.size(), 4096)));
    running_ = jobs;
    try {
      for (int i = 0; i < jobs; ++i) {
        threads_.emplace_back(&Preparation::Work, this, std::max(1, threads / jobs));
      }
    } catch (const std::exception& e) {
      throw ResourceError(std::string("cannot start the jobs: ") + e.what(), "Give fewer --jobs");
    }
    Write(progress);
    if (cancel_ != nullptr) cancel_->Check();
  }

 private:
  // Of each worker.
  void Work(int threads) {
    std::exception_ptr failure;
    try {
      PrepareWorker worker(options_, threads, cancel_, stop_, reports_);
      for (size_t next = next_++; next < waiting_.size() && !stop_; next = next_++) {
        if (cancel_ != nullptr) cancel_->Check();
        worker.Look(waiting_[next], inputs_[waiting_[next]]);
      }
    } catch (const Cancelled&) {
      // The writer keeps what is done, then says so.
    } catch (...) {
      failure = std::current_exception();
      stop_ = true;
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    if (failure && !failure_) failure_ = failure;
    if (--running_ == 0) reports_.Finish(failure_);
  }

  void Write(const ProgressFunction& progress) {
    const auto total = static_cast<int64_t>(inputs_.size());
    while (const std::optional<PrepareReport> report = reports_.Pop()) {
      if (report->face) {
        writer_.Add(report->file, *report->face);
        continue;
      }
      writer_.EndFile(report->file, report->tracks, report->failure, report->remedy);
      if (progress) {
        progress(writer_.done(), total, inputs_[report->file].file.filename().string());
      }
    }
  }

  void Stop() {
    stop_ = true;
    reports_.Close();
    for (std::thread& thread : threads_) thread.join();
  }

  const std::vector<PrepareInput>& inputs_;
  const PrepareOptions& options_;
  const CancelToken* cancel_;
  CropStoreWriter& writer_;
  std::vector<size_t> waiting_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> stop_{false};
  BoundedQueue<PrepareReport> reports_{kFacesAhead};
  std::mutex mutex_;
  int running_ = 0;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

void RemoveStore(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return;
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > 0) CheckIsCropStore(path);
  RemoveDatabase(path);
}

int64_t Sum(const std::vector<SourceFile>& files, int64_t SourceFile::*member) {
  int64_t sum = 0;
  for (const SourceFile& file : files) sum += file.*member;
  return sum;
}

}  // namespace

void PrepareOptions::Validate() const {
  const auto check = [](bool good, const std::string& rule) {
    if (!good) throw UsageError(rule);
  };
  check(crop_size >= 32 && crop_size <= 2048,
        "crop size must lie in 32 … 2048, is " + std::to_string(crop_size));
  check(crop_scale >= 0.5 && crop_scale <= 5, "crop scale must lie in 0.5 … 5");
  check(faces_per_track >= 0, "faces per track must be at least 0");
  check(detect_fps >= 0, "detections per second must be at least 0");
  check(jobs >= 0 && jobs <= 256, "jobs must lie in 0 … 256");
  check(shards >= 1 && shard >= 1 && shard <= shards, "a shard is written i/n with 1 ≤ i ≤ n, is " +
                                                          std::to_string(shard) + "/" +
                                                          std::to_string(shards));
}

int64_t PrepareResult::files_with_faces() const {
  return std::count_if(files.begin(), files.end(), [](const auto& f) { return f.faces > 0; });
}

int64_t PrepareResult::tracks() const { return Sum(files, &SourceFile::tracks); }

int64_t PrepareResult::faces() const { return Sum(files, &SourceFile::faces); }

PrepareResult Prepare(const std::vector<PrepareInput>& given, const fs::path& path,
                      const PrepareOptions& options, const CancelToken* cancel,
                      const ProgressFunction& progress) {
  options.Validate();
  const std::vector<PrepareInput> inputs = InputsOf(given, options);
  std::vector<SourceFile> files;
  std::vector<fs::path> paths;
  for (const PrepareInput& input : inputs) {
    files.push_back(FileOf(input));
    paths.push_back(input.file);
  }
  RefuseToOverwrite(path, paths);
  if (options.overwrite) RemoveStore(path);
  CropStoreWriter writer(path, InfoOf(options), files);
  PrepareResult result;
  result.was_finished = writer.finished();
  result.done_before = writer.done();
  if (!writer.finished()) {
    Preparation(inputs, options, cancel, writer).Run(progress);
    const bool found = std::any_of(writer.files().begin(), writer.files().end(),
                                   [](const SourceFile& file) { return file.faces > 0; });
    if (!found && options.shards == 1) {
      writer.Discard();
      RefuseWithoutFaces(writer.files());
    }
    writer.Finish();
  }
  result.files = writer.files();
  return result;
}

}  // namespace unmask
