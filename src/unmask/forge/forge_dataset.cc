#include "unmask/forge/forge_dataset.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/side_by_side.h"
#include "unmask/base/text.h"
#include "unmask/forge/clip_forgeries.h"
#include "unmask/forge/dataset_record.h"
#include "unmask/forge/dataset_scan.h"
#include "unmask/forge/pair_forger.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKnownQualities[] = {"raw", "c23", "c40"};

// What was chosen of the known, in their order and once each; all where nothing is.
template <typename Names, typename NameOf>
std::vector<std::string> InOrder(const Names& known, const NameOf& name_of,
                                 const std::set<std::string>& chosen) {
  std::vector<std::string> names;
  for (const auto& row : known) {
    const std::string name(name_of(row));
    if (chosen.empty() || chosen.contains(name)) names.push_back(name);
  }
  return names;
}

ForgeDatasetOptions Filled(ForgeDatasetOptions options) {
  std::set<std::string> families;
  for (const std::string& name : options.families) {
    families.emplace(FindClipForgery(name).class_name);
  }
  options.families = InOrder(
      ClipForgeries(), [](const ClipForgery& row) { return row.class_name; }, families);
  options.qualities = InOrder(kKnownQualities, [](const char* name) { return name; },
                              {options.qualities.begin(), options.qualities.end()});
  return options;
}

// Held by the one run that writes into a folder.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder)
      : handle_(open(folder.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (handle_ < 0 || flock(handle_, LOCK_EX | LOCK_NB) == 0) return;
    if (errno != EWOULDBLOCK) return;  // not every disk can lock
    close(handle_);
    throw Error(folder.string() + ": another run is writing into it", "Wait until it has ended");
  }
  ~FolderLock() {
    if (handle_ >= 0) close(handle_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int handle_;
};

void MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error("cannot make the folder " + folder.string() + ": " + error.message());
}

// Removes what a killed run was writing. Only under the lock: a run that lives writes there too.
void RemoveUnfinished(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.front() == '.' && name.find(".part") != std::string::npos) {
      fs::remove(entry.path(), error);
    }
  }
}

class DatasetBuilder {
 public:
  DatasetBuilder(const fs::path& folder, const ForgeDatasetOptions& options, DatasetPlan plan,
                 const CancelToken* cancel, const DatasetProgress& progress)
      : folder_(folder), options_(options), cancel_(cancel), progress_(progress) {
    result_.plan = std::move(plan);
    for (const PlannedClip& clip : result_.plan.clips) {
      for (const std::string& quality : options.qualities) {
        videos_.push_back(DatasetVideo(folder, clip, "", quality));
        for (const std::string& family : options.families) {
          videos_.push_back(DatasetVideo(folder, clip, family, quality));
        }
      }
    }
  }

  ForgeDatasetResult Build(const fs::path& kept) {
    std::set<fs::path> folders;
    for (const fs::path& video : videos_) folders.insert(video.parent_path());
    for (const fs::path& folder : folders) {
      MakeFolder(folder);
      RemoveUnfinished(folder);
    }
    const DatasetPlan& plan = result_.plan;
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const char* split : kDatasetSplits) {
      for (auto& pair : plan.PairsOf(split)) pairs.push_back(std::move(pair));
    }
    const int64_t before = CountVideos();
    done_ = before;
    Report();
    RunSideBySide(options_.jobs, before == Total() ? 0 : pairs.size(), cancel_, [&] {
      return [&, forger = std::make_shared<PairForger>(folder_, options_, kept, cancel_)](
                 size_t i) { ForgePair(*forger, pairs[i].first, pairs[i].second); };
    });
    result_.files = CountVideos();
    result_.new_files = result_.files - before;
    return std::move(result_);
  }

 private:
  int64_t Total() const { return static_cast<int64_t>(videos_.size()); }
  int64_t CountVideos() const {
    int64_t count = 0;
    std::error_code error;
    for (const fs::path& video : videos_) count += fs::exists(video, error) ? 1 : 0;
    return count;
  }
  void Report() {
    if (progress_) progress_("forge", done_, Total());
  }

  void ForgePair(PairForger& forger, const std::string& a, const std::string& b) {
    const PlannedClip &first = result_.plan.Clip(a), &second = result_.plan.Clip(b);
    try {
      forger.Forge(first, second, [&] {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++done_;
        Report();
      });
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& e) {
      const std::lock_guard<std::mutex> lock(mutex_);
      result_.failed.push_back(
          {first.file, "not forged with " + second.file.string() + ": " + e.problem()});
    }
  }

  const fs::path& folder_;
  const ForgeDatasetOptions& options_;
  const CancelToken* cancel_;
  const DatasetProgress& progress_;
  std::vector<fs::path> videos_;
  std::mutex mutex_;
  int64_t done_ = 0;
  ForgeDatasetResult result_;
};

}  // namespace

void ForgeDatasetOptions::Validate() const {
  cut.Validate();
  for (const std::string& name : families) FindClipForgery(name);
  if (qualities.empty()) throw UsageError("no quality is given", "Give some of raw,c23,c40");
  const std::vector<std::string> known(std::begin(kKnownQualities), std::end(kKnownQualities));
  for (const std::string& name : qualities) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      ThrowUnknownName("quality", name, known);
    }
  }
  if (jobs < 0 || jobs > 1024) throw UsageError("the jobs must lie in 0 … 1024");
}

fs::path DatasetVideo(const fs::path& folder, const PlannedClip& clip,
                      const std::string& class_name, const std::string& quality) {
  if (class_name.empty()) {
    return folder / "original_sequences/youtube" / quality / "videos" / (clip.id + ".mp4");
  }
  return folder / "manipulated_sequences" / class_name / quality / "videos" /
         (clip.id + "_" + clip.partner + ".mp4");
}

ForgeDatasetResult ForgeDataset(const std::vector<DatasetSource>& sources, const fs::path& folder,
                                const ForgeDatasetOptions& given, const CancelToken* cancel,
                                const DatasetProgress& progress) {
  given.Validate();
  const ForgeDatasetOptions options = Filled(given);
  ReadDatasetRecord(folder, sources, options);  // throws before anything is made
  MakeFolder(folder);
  const FolderLock only_run(folder);
  RemoveUnfinished(folder);
  DatasetRecord record = ReadDatasetRecord(folder, sources, options);  // nobody changes it now
  WriteDatasetRecord(folder, sources, options, record);
  const fs::path kept = folder / ".faces";
  MakeFolder(kept);
  RemoveUnfinished(kept);
  if (!record.plan) {
    record.plan = ScanClips(sources, options, kept, cancel, progress);
    WriteDatasetRecord(folder, sources, options, record);
  }
  DatasetBuilder builder(folder, options, std::move(*record.plan), cancel, progress);
  ForgeDatasetResult result = builder.Build(kept);
  if (result.failed.empty()) {
    std::error_code ignored;
    fs::remove_all(kept, ignored);
  }
  return result;
}

}  // namespace unmask
