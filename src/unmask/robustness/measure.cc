#include "unmask/robustness/measure.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <new>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/side_by_side.h"
#include "unmask/forge/forgery_mix.h"
#include "unmask/robustness/file_measurer.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kResults[] = "results.jsonl";
constexpr int kMostJobs = 8;  // that are taken unasked: each holds two copies of an excerpt

std::vector<const Condition*> Chosen(const std::vector<std::string>& names) {
  std::vector<const Condition*> chosen;
  for (const Condition& condition : Conditions()) {
    if (names.empty() || std::find(names.begin(), names.end(), condition.name) != names.end()) {
      chosen.push_back(&condition);
    }
  }
  return chosen;
}

// Size and time of the last change: another file under the same name is noticed.
uint64_t StateOf(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) return 0;
  const auto changed = fs::last_write_time(file, error).time_since_epoch();
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(changed).count();
  return DeriveSeed(size, "changed", static_cast<uint64_t>(time));
}

// Of names, labels, people and states; another list or changed files give other results.
std::string DigestOf(const std::vector<RobustnessFile>& files) {
  uint64_t digest = 0;
  for (const RobustnessFile& file : files) {
    digest = DeriveSeed(digest, file.file.string(), StateOf(file.file));
    digest = DeriveSeed(digest, file.identity, static_cast<uint64_t>(file.label));
  }
  return std::to_string(digest);
}

// All that a record depends on but for what its forgery needs, which it names itself. Metadata can
// be given beside the model's file, whose hash does not tell them apart then.
Json SettingsJson(const std::vector<RobustnessFile>& files, const RobustnessOptions& options,
                  Detector& detector) {
  Json settings = ToJson(detector.settings());
  const uint64_t metadata = DeriveSeed(0, ToJson(detector.classifier().metadata()).dump());
  settings["model"]["digest_of_metadata"] = std::to_string(metadata);
  settings["excerpt"] = {{"seconds", options.excerpt.seconds},
                         {"max_height", options.excerpt.max_height}};
  settings["min_face_confidence"] = options.detector.min_face_confidence;
  settings["seed"] = options.seed;
  settings["files"] = files.size();
  settings["digest_of_files"] = DigestOf(files);
  return settings;
}

// Of a run, or of nothing.
void MakeFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error) && !fs::exists(folder / kResults, error) &&
      !fs::is_empty(folder, error)) {
    throw UsageError(folder.string() + ": holds other files than a report's",
                     "Choose an empty folder, or one that is not there yet, for --out");
  }
  fs::create_directories(folder, error);
  if (error) {
    throw Error("cannot make the folder " + folder.string() + ": " + error.message(),
                "Choose another place for --out");
  }
}

struct Work {
  MeasuredFile file;
  std::vector<RobustnessRecord> wanted;
};

// What each forgery that is asked for needs besides faces; "" (the file itself) needs nothing.
using MeansByForgery = std::map<std::string, std::string>;

MeansByForgery MeansOfEach(const std::vector<std::string>& forgeries) {
  MeansByForgery means = {{"", ""}};
  for (const std::string& forgery : forgeries) means[forgery] = MeansOf({forgery});
  return means;
}

std::vector<Work> PlanOf(const std::vector<RobustnessFile>& files, const RobustnessOptions& options,
                         const MeansByForgery& means) {
  const std::vector<const Condition*> conditions = Chosen(options.conditions);
  std::vector<Work> plan;
  for (size_t i = 0; i < files.size(); ++i) {
    std::set<std::string> copies = {""};
    if (files[i].label == 0) copies.insert(options.forgeries.begin(), options.forgeries.end());
    for (const std::string& forgery : copies) {
      Work work{{i, forgery}, RecordsOf(files[i], forgery, conditions)};
      for (RobustnessRecord& record : work.wanted) record.forgery_means = means.at(forgery);
      plan.push_back(std::move(work));
    }
  }
  return plan;
}

// Copies that other networks forged are not mixed in. What is not asked for now is not looked at.
void CheckForgeries(const RobustnessResults& results, const MeansByForgery& means,
                    const fs::path& path) {
  for (const RobustnessRecord& record : results.Records()) {
    const auto now = means.find(record.forgery);
    if (now == means.end() || now->second == record.forgery_means) continue;
    throw UsageError(path.string() + ": copies were forged with other networks before (" +
                         record.forgery_means + ") than there are now (" + now->second + ")",
                     "Bring those back, leave " + record.forgery +
                         " out of --forge, or give another folder to --out");
  }
}

}  // namespace

void RobustnessOptions::Validate() const {
  detector.Validate();
  excerpt.Validate();
  for (const std::string& name : conditions) FindCondition(name);
  for (const std::string& name : forgeries) FrameForger(name, seed);
  if (jobs < 0 || jobs > 1024) throw UsageError("the jobs must lie in 0 … 1024");
}

RobustnessRun MeasureRobustness(
    const std::vector<RobustnessFile>& files, const fs::path& folder,
    const RobustnessOptions& options, const CancelToken* cancel,
    const std::function<void(int64_t, int64_t, const std::string&)>& progress) {
  options.Validate();
  const MeansByForgery means = MeansOfEach(options.forgeries);
  const std::vector<Work> plan = PlanOf(files, options, means);
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int jobs = std::min(options.jobs > 0 ? options.jobs : std::min(cores, kMostJobs),
                            std::max(1, static_cast<int>(plan.size())));
  RobustnessOptions of_job = options;
  const int threads = options.detector.threads > 0 ? options.detector.threads : cores;
  of_job.detector.threads = std::max(1, threads / jobs);
  of_job.detector.always_answer = true;  // what is measured are the decisions by the threshold

  RobustnessRun run;
  Detector detector(of_job.detector);
  run.settings = detector.settings();
  run.forgery_means = MeansOf(options.forgeries);
  MakeFolder(folder);
  RobustnessResults results(folder / kResults, SettingsJson(files, of_job, detector));
  CheckForgeries(results, means, folder / kResults);

  std::vector<Work> left;
  int64_t total = 0, done = 0;
  for (const Work& work : plan) {
    total += static_cast<int64_t>(work.wanted.size());
    Work rest{work.file, {}};
    for (const RobustnessRecord& record : work.wanted) {
      if (results.Has(record)) {
        ++done;
      } else {
        rest.wanted.push_back(record);
      }
    }
    if (!rest.wanted.empty()) left.push_back(std::move(rest));
  }
  std::mutex mutex;
  // A file that cannot be read cannot be forged either, and so on: it is named once.
  const auto fail = [&](const fs::path& file, const std::string& why) {
    const std::lock_guard<std::mutex> lock(mutex);
    const bool known = std::any_of(run.failed.begin(), run.failed.end(),
                                   [&](const FailedFile& other) { return other.file == file; });
    if (!known) run.failed.push_back({file, why});
  };
  if (progress) progress(done, total, "");
  RunSideBySide(jobs, left.size(), cancel, [&] {
    const auto measurer = std::make_shared<FileMeasurer>(files, of_job, cancel);
    return [&, measurer](size_t i) {
      const Work& work = left[i];
      const fs::path& file = files[work.file.index].file;
      try {
        measurer->Measure(work.file, work.wanted, [&](const RobustnessRecord& record) {
          results.Add(record);
          const std::lock_guard<std::mutex> lock(mutex);
          ++run.measured;
          if (progress) progress(++done, total, file.filename().string());
        });
      } catch (const Cancelled&) {
        throw;
      } catch (const UnwritableLines&) {
        throw;  // whatever file is next
      } catch (const Error& e) {
        fail(file, e.what());
      } catch (const std::bad_alloc&) {
        fail(file, file.string() + ": there is not enough memory for it");
      }
    };
  });
  std::set<std::tuple<std::string, std::string, std::string, double>> wanted;
  for (const Work& work : plan) {
    for (const RobustnessRecord& record : work.wanted) wanted.insert(record.key());
  }
  for (RobustnessRecord& record : results.Records()) {
    if (wanted.contains(record.key())) run.records.push_back(std::move(record));
  }
  return run;
}

}  // namespace unmask
