#include "unmask/forge/forge_dataset.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/text.h"
#include "unmask/forge/clip_forgeries.h"
#include "unmask/forge/dataset_record.h"
#include "unmask/forge/side_by_side.h"
#include "unmask/media/video_writer.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr double kFaceShare = 0.5;  // of the frames must show a face
constexpr int64_t kFewestFaces = 8;
constexpr int kPatches = 96;  // of each clip, some 40 MB

struct Quality {
  const char* name;
  int crf;
  const char* preset;
};
// Without loss the preset changes nothing but the size.
constexpr Quality kQualities[] = {
    {"raw", 0, "veryfast"}, {"c23", 23, "medium"}, {"c40", 40, "medium"}};

const Quality& FindQuality(const std::string& name) {
  for (const Quality& quality : kQualities) {
    if (name == quality.name) return quality;
  }
  ThrowUnknownName("quality", name, {"raw", "c23", "c40"});
}

std::shared_ptr<FaceNetworks> OneThreadNetworks() { return LoadFaceNetworks({.threads = 1}); }

// Why the clip cannot be used, or "".
std::string Fault(const FoundFaces& found) {
  const int64_t faces =
      std::count_if(found.moments.begin(), found.moments.end(),
                    [](const FaceMoment& moment) { return !moment.mesh.empty(); });
  if (faces == 0) return "no face was found";
  const auto frames = static_cast<int64_t>(found.moments.size());
  if (faces < kFewestFaces ||
      static_cast<double>(faces) < kFaceShare * static_cast<double>(frames)) {
    return "a face is seen in only " + std::to_string(faces) + " of " + std::to_string(frames) +
           " frames";
  }
  return "";
}

// Forges the two clips of a pair into each other.
class PairForger {
 public:
  PairForger(const fs::path& folder, const ForgeDatasetOptions& options, const CancelToken* cancel)
      : folder_(folder), options_(options), cancel_(cancel), networks_(OneThreadNetworks()) {}

  // Calls `written` after each video.
  void Forge(const PlannedClip& a, const PlannedClip& b, const std::function<void()>& written) {
    if (Missing(a).empty() && Missing(b).empty()) return;
    const FaceClip clip_a = Read(a.file), clip_b = Read(b.file);
    WriteVideos(a, clip_a, clip_b, written);
    WriteVideos(b, clip_b, clip_a, written);
  }

 private:
  // Classes that lack a video of the target, and the qualities that lack it; "" is real.
  std::map<std::string, std::vector<const Quality*>> Missing(const PlannedClip& target) const {
    std::map<std::string, std::vector<const Quality*>> missing;
    std::vector<std::string> classes = {""};
    for (const std::string& family : options_.families) {
      classes.emplace_back(FindClipForgery(family).class_name);
    }
    for (const std::string& name : classes) {
      for (const std::string& quality : options_.qualities) {
        std::error_code error;
        if (!fs::exists(DatasetVideo(folder_, target, name, quality), error)) {
          missing[name].push_back(&FindQuality(quality));
        }
      }
    }
    return missing;
  }

  FaceClip Read(const fs::path& file) const {
    FaceClip clip = ReadFaceClip(file, options_.cut, kPatches, networks_, cancel_);
    if (clip.patches.empty()) {
      throw Error(file.string() + ": no face is found in it any more", "It must not change");
    }
    return clip;
  }

  void WriteVideos(const PlannedClip& target, const FaceClip& clip, const FaceClip& source,
                   const std::function<void()>& written) const {
    for (const auto& [class_name, qualities] : Missing(target)) {
      std::unique_ptr<FaceForger> forger;
      if (!class_name.empty()) {
        const uint64_t seed = DeriveSeed(options_.seed, target.id + "_" + target.partner);
        forger = FindClipForgery(class_name).make(clip, source, seed);
      }
      WriteOne(target, class_name, qualities, forger.get());
      for (size_t i = 0; i < qualities.size(); ++i) written();
    }
  }

  // One pass over the target, encoded in all the qualities that are missing.
  void WriteOne(const PlannedClip& target, const std::string& class_name,
                const std::vector<const Quality*>& qualities, FaceForger* forger) const {
    const auto frames = OpenCut(target.file, options_.cut);
    const MediaInfo& info = frames->info();
    std::vector<std::unique_ptr<VideoWriter>> writers;
    for (const Quality* quality : qualities) {
      VideoWriterOptions writing{
          .crf = quality->crf, .preset = quality->preset, .threads = 1, .audio_from = target.file};
      if (info.frames_per_second > 0) writing.frames_per_second = info.frames_per_second;
      const fs::path path = DatasetVideo(folder_, target, class_name, quality->name);
      writers.push_back(std::make_unique<VideoWriter>(path, info.width, info.height, writing));
    }
    while (frames->Grab()) {
      if (cancel_ != nullptr) cancel_->Check();
      Image frame = frames->Retrieve();
      if (forger != nullptr) forger->Forge(frames->index(), frame);
      for (const auto& writer : writers) writer->Write(frame, frames->time());
    }
    for (const auto& writer : writers) writer->Finish();
  }

  const fs::path& folder_;
  const ForgeDatasetOptions& options_;
  const CancelToken* cancel_;
  const std::shared_ptr<FaceNetworks> networks_;
};

// Names in the order of the table, without repetition.
std::vector<std::string> KnownFamilies(const std::vector<std::string>& wanted) {
  std::set<std::string_view> chosen;
  for (const std::string& name : wanted) chosen.insert(FindClipForgery(name).class_name);
  std::vector<std::string> families;
  for (const ClipForgery& forgery : ClipForgeries()) {
    if (wanted.empty() || chosen.contains(forgery.class_name)) {
      families.emplace_back(forgery.class_name);
    }
  }
  return families;
}

void MakeFolders(const fs::path& folder, const ForgeDatasetOptions& options,
                 const PlannedClip& any) {
  std::vector<std::string> classes = options.families;
  classes.emplace_back("");
  for (const std::string& name : classes) {
    for (const std::string& quality : options.qualities) {
      std::error_code error;
      const fs::path videos = DatasetVideo(folder, any, name, quality).parent_path();
      fs::create_directories(videos, error);
      if (error) throw Error("cannot make the folder " + videos.string() + ": " + error.message());
      for (const auto& entry : fs::directory_iterator(videos, error)) {
        const std::string file = entry.path().filename().string();
        const bool left_by_a_killed_run =
            file.front() == '.' && file.find(".part.") != std::string::npos;
        if (left_by_a_killed_run) fs::remove(entry.path(), error);
      }
    }
  }
}

// Held by the one run that writes into a folder.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder)
      : handle_(open(folder.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (handle_ < 0 || flock(handle_, LOCK_EX | LOCK_NB) == 0) return;  // not every disk can lock
    const bool held = errno == EWOULDBLOCK;
    if (!held) return;
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

}  // namespace

void ForgeDatasetOptions::Validate() const {
  cut.Validate();
  for (const std::string& name : families) FindClipForgery(name);
  if (qualities.empty()) throw UsageError("no quality is given", "Give some of raw,c23,c40");
  for (const std::string& name : qualities) FindQuality(name);
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

DatasetPlan ScanClips(const std::vector<DatasetSource>& sources, const ForgeDatasetOptions& options,
                      const CancelToken* cancel, const DatasetProgress& progress) {
  options.Validate();
  std::vector<FaceLook> looks(sources.size());
  std::vector<std::string> faults(sources.size());
  std::mutex mutex;
  int64_t done = 0;
  const auto total = static_cast<int64_t>(sources.size());
  if (progress) progress("look", 0, total);
  RunSideBySide(options.jobs, sources.size(), cancel, [&] {
    return [&, networks = OneThreadNetworks()](size_t i) {
      try {
        const FoundFaces found = FindMainFace(sources[i].file, options.cut, networks, cancel);
        looks[i] = found.look;
        faults[i] = Fault(found);
      } catch (const Cancelled&) {
        throw;
      } catch (const Error& e) {
        faults[i] = e.problem();
      }
      const std::lock_guard<std::mutex> lock(mutex);
      ++done;
      if (progress) progress("look", done, total);
    };
  });
  std::vector<DatasetSource> usable;
  std::vector<FaceLook> usable_looks;
  std::vector<LeftOut> left_out;
  for (size_t i = 0; i < sources.size(); ++i) {
    if (!faults[i].empty()) {
      left_out.push_back({sources[i].file, faults[i]});
      continue;
    }
    usable.push_back(sources[i]);
    usable_looks.push_back(looks[i]);
  }
  if (usable.size() < 2) {
    throw Error(CountOf(usable.size(), "clip") + " of " + std::to_string(sources.size()) +
                    " can be used; " +
                    (left_out.empty() ? "two people are needed"
                                      : left_out[0].file.string() + ": " + left_out[0].why),
                "Give clips of at least two people whose faces are seen");
  }
  DatasetPlan plan = PlanDataset(usable, usable_looks, options.seed);
  plan.left_out.insert(plan.left_out.begin(), left_out.begin(), left_out.end());
  return plan;
}

ForgeDatasetResult ForgeDataset(const std::vector<DatasetSource>& sources, const fs::path& folder,
                                const ForgeDatasetOptions& given, const CancelToken* cancel,
                                const DatasetProgress& progress) {
  given.Validate();
  ForgeDatasetOptions options = given;
  options.families = KnownFamilies(given.families);
  ForgeDatasetResult result;
  if (std::optional<DatasetPlan> plan = ReadDatasetRecord(folder, sources, options)) {
    result.plan = std::move(*plan);
  } else {
    result.plan = ScanClips(sources, options, cancel, progress);
  }
  WriteDatasetRecord(folder, sources, options, result.plan);
  const DatasetPlan& plan = result.plan;
  const FolderLock only_run(folder);
  MakeFolders(folder, options, plan.clips.front());
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const char* split : kDatasetSplits) {
    for (auto& pair : plan.PairsOf(split)) pairs.push_back(std::move(pair));
  }
  const auto count_files = [&] {
    int64_t files = 0;
    for (const PlannedClip& clip : plan.clips) {
      for (const std::string& quality : options.qualities) {
        std::error_code error;
        files += fs::exists(DatasetVideo(folder, clip, "", quality), error);
        for (const std::string& family : options.families) {
          files += fs::exists(DatasetVideo(folder, clip, family, quality), error);
        }
      }
    }
    return files;
  };
  const int64_t before = count_files();
  const auto total = static_cast<int64_t>(plan.clips.size() * options.qualities.size() *
                                          (1 + options.families.size()));
  std::mutex mutex;
  int64_t done = before;
  if (progress) progress("forge", done, total);
  RunSideBySide(options.jobs, pairs.size(), cancel, [&] {
    return [&, forger = std::make_shared<PairForger>(folder, options, cancel)](size_t i) {
      try {
        forger->Forge(plan.Clip(pairs[i].first), plan.Clip(pairs[i].second), [&] {
          const std::lock_guard<std::mutex> lock(mutex);
          ++done;
          if (progress) progress("forge", done, total);
        });
      } catch (const Cancelled&) {
        throw;
      } catch (const Error& e) {
        const std::lock_guard<std::mutex> lock(mutex);
        result.failed.push_back({plan.Clip(pairs[i].first).file, e.what()});
      }
    };
  });
  result.files = count_files();
  result.new_files = result.files - before;
  return result;
}

}  // namespace unmask
