#include "unmask/data/crop_store_check.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <mutex>
#include <thread>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/data/crop_store.h"
#include "unmask/data/crop_store_format.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFacesAtOnce = 64;

bool IsFinite(const CropRecord& record, const std::vector<Point>& mesh) {
  const Face& f = record.face;
  const Similarity& t = record.crop_from_frame;
  bool finite = true;
  for (const double value : {f.time, t.a, t.b, t.tx, t.ty}) finite = finite && std::isfinite(value);
  for (const float value :
       {f.box.x0, f.box.y0, f.box.x1, f.box.y1, f.confidence, f.presence, f.blur}) {
    finite = finite && std::isfinite(value);
  }
  for (const Point& p : f.points) finite = finite && std::isfinite(p.x) && std::isfinite(p.y);
  for (const Point& p : mesh) finite = finite && std::isfinite(p.x) && std::isfinite(p.y);
  return finite;
}

class Checker {
 public:
  explicit Checker(const fs::path& path) : store_(OpenCropStoreOrEmpty(path)) {}

  StoreCheck Run(int threads, const CancelToken* cancel,
                 const std::function<void(int64_t, int64_t)>& progress) {
    CheckFiles();
    CheckCounts();
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    std::vector<std::jthread> helpers;
    for (int i = 1; i < (threads > 0 ? threads : cores); ++i) {
      helpers.emplace_back([this, cancel] { CheckFaces(cancel, nullptr); });
    }
    CheckFaces(cancel, progress);
    helpers.clear();
    if (cancel != nullptr) cancel->Check();
    StoreCheck check{.files = static_cast<int64_t>(store_.files.size()),
                     .faces = static_cast<int64_t>(store_.records.size()),
                     .faults = {}};
    // By number of the face: the same order for any number of threads.
    std::stable_sort(faults_.begin(), faults_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [face, text] : faults_) {
      if (check.faults.size() < kStoreFaults) {
        check.faults.push_back(text);
      } else {
        ++check.more_faults;
      }
    }
    return check;
  }

 private:
  void Note(int64_t order, const std::string& text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    faults_.emplace_back(order, text);
  }

  void CheckFiles() {
    std::map<int64_t, int64_t> faces;  // of each file
    for (const CropRecord& record : store_.records) ++faces[record.id >> kFaceBits];
    std::map<std::string, std::string> splits;  // of each identity
    for (size_t i = 0; i < store_.files.size(); ++i) {
      const SourceFile& file = store_.files[i];
      const int64_t there = faces[static_cast<int64_t>(i)];
      if (there != file.faces) {
        Note(-1, file.source + ": has " + CountOf(static_cast<size_t>(there), "face") +
                     ", and should have " + std::to_string(file.faces));
      }
      if (!file.failure.empty() && there > 0) Note(-1, file.source + ": failed, and has faces");
      const auto [known, is_new] = splits.emplace(file.identity, file.split);
      if (!is_new && known->second != file.split) {
        Note(-1, file.source + ": the person '" + file.identity + "' is in the splits '" +
                     known->second + "' and '" + file.split + "'");
      }
    }
  }

  // Crops without a face; faces without a crop are found when they are read.
  void CheckCounts() {
    Database database(store_.path, Database::Mode::kRead);
    Statement lone(database, "SELECT COUNT(*) FROM crops WHERE id NOT IN (SELECT id FROM faces)");
    if (lone.Step() && lone.Integer(0) > 0) {
      Note(-1, CountOf(static_cast<size_t>(lone.Integer(0)), "crop") + " without a face");
    }
  }

  void CheckFaces(const CancelToken* cancel,
                  const std::function<void(int64_t, int64_t)>& progress) {
    const size_t count = store_.records.size();
    for (size_t first = next_.fetch_add(kFacesAtOnce); first < count;
         first = next_.fetch_add(kFacesAtOnce)) {
      if (cancel != nullptr && cancel->cancelled()) return;
      for (size_t i = first; i < std::min(count, first + kFacesAtOnce); ++i) {
        CheckFace(store_.records[i]);
      }
      if (progress) progress(static_cast<int64_t>(first), static_cast<int64_t>(count));
    }
  }

  void CheckFace(const CropRecord& record) {
    const std::string name = "face " + std::to_string(record.id) + " of " + record.source +
                             ", frame " + std::to_string(record.face.frame) + ": ";
    try {
      store_.ReadCrop(record);
      if (!IsFinite(record, store_.MeshInCrop(record))) {
        Note(record.id, name + "has numbers that are not finite");
      }
    } catch (const Error& e) {
      Note(record.id, e.problem());
    }
  }

  const CropStore store_;
  std::atomic<size_t> next_{0};
  std::mutex mutex_;
  std::vector<std::pair<int64_t, std::string>> faults_;
};

}  // namespace

StoreCheck CheckCropStore(const fs::path& path, int threads, const CancelToken* cancel,
                          const std::function<void(int64_t, int64_t)>& progress) {
  return Checker(path).Run(threads, cancel, progress);
}

}  // namespace unmask
