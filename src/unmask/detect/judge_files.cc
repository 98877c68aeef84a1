#include "unmask/detect/judge_files.h"

#include <algorithm>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/log.h"
#include "unmask/base/side_by_side.h"

namespace unmask {
namespace {

constexpr int kMostJobs = 1024;

}  // namespace

FileJudge::FileJudge(const DetectorOptions& options, int jobs, size_t files) : options_(options) {
  options.Validate();
  if (jobs < 0 || jobs > kMostJobs) {
    throw UsageError("the jobs must lie in 0 … " + std::to_string(kMostJobs) + ", are " +
                     std::to_string(jobs));
  }
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int threads = options.threads > 0 ? options.threads : cores;
  const auto wanted = static_cast<size_t>(jobs > 0 ? jobs : threads);
  jobs_ = static_cast<int>(std::max<size_t>(1, std::min(wanted, files)));
  options_.threads = (threads + jobs_ - 1) / jobs_;
  detectors_.push_back(std::make_shared<Detector>(options_));
  settings_ = detectors_[0]->settings();
}

FileJudge::~FileJudge() = default;

const DetectionSettings& FileJudge::settings() const { return settings_; }

std::shared_ptr<Detector> FileJudge::TakeDetector() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const std::shared_ptr<Detector>& detector : detectors_) {
      if (detector.use_count() == 1) return detector;
    }
  }
  try {
    const auto detector = std::make_shared<Detector>(options_);
    const std::lock_guard<std::mutex> lock(mutex_);
    detectors_.push_back(detector);
    return detector;
  } catch (const std::exception& e) {
    Log(LogLevel::kWarning, std::string("a job less: ") + e.what());
    return nullptr;
  }
}

void FileJudge::Judge(std::span<const std::filesystem::path> files, const CancelToken* cancel,
                      const Progress& progress, const Done& done) {
  CancelToken stop(cancel);
  std::exception_ptr failure;  // of the caller's functions
  const auto call = [&](const auto& function) {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop.Check();  // nothing more is called behind a failure
    try {
      function();
    } catch (...) {
      failure = std::current_exception();
      stop.Cancel();
      throw;
    }
  };
  try {
    RunSideBySide(jobs_, files.size(), &stop, [&]() -> std::function<void(size_t)> {
      const std::shared_ptr<Detector> detector = TakeDetector();
      if (detector == nullptr) return nullptr;
      return [&, detector](size_t file) {
        Verdict verdict = detector->TryJudge(files[file], &stop, [&](double passed, double total) {
          if (progress) call([&] { progress(file, passed, total); });
        });
        call([&] { done(file, std::move(verdict)); });
      };
    });
  } catch (...) {
    if (failure) std::rethrow_exception(failure);
    throw;
  }
}

}  // namespace unmask
