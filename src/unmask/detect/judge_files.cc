#include "unmask/detect/judge_files.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "unmask/base/error.h"
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
  options_.threads = std::max(1, threads / jobs_);
  idle_ = std::make_shared<Detector>(options_);
  settings_ = idle_->settings();
}

FileJudge::~FileJudge() = default;

const DetectionSettings& FileJudge::settings() const { return settings_; }

std::shared_ptr<Detector> FileJudge::MakeDetector() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_ != nullptr) return std::exchange(idle_, nullptr);
  }
  return std::make_shared<Detector>(options_);
}

void FileJudge::Judge(std::span<const std::filesystem::path> files, const CancelToken* cancel,
                      const Progress& progress, const Done& done) {
  RunSideBySide(jobs_, files.size(), cancel, [&] {
    const std::shared_ptr<Detector> detector = MakeDetector();
    return [&, detector](size_t file) {
      Verdict verdict = detector->TryJudge(files[file], cancel, [&](double passed, double total) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (progress) progress(file, passed, total);
      });
      const std::lock_guard<std::mutex> lock(mutex_);
      done(file, std::move(verdict));
    };
  });
}

}  // namespace unmask
