#include "unmask/forge/dataset_scan.h"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <string>
#include <utility>

#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/side_by_side.h"
#include "unmask/base/text.h"
#include "unmask/forge/dataset_faces.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr double kFaceShare = 0.5;  // of the frames must show a face
constexpr int64_t kFewestFaces = 8;

// Why the clip cannot be used, or "".
std::string Fault(const FoundFaces& found) {
  const int64_t faces =
      std::count_if(found.moments.begin(), found.moments.end(),
                    [](const FaceMoment& moment) { return !moment.mesh.empty(); });
  if (faces == 0) return "no face was found";
  const auto frames = static_cast<int64_t>(found.moments.size());
  const double share = static_cast<double>(faces) / static_cast<double>(frames);
  if (share < kFaceShare) {
    return "a face is seen in only " + std::to_string(faces) + " of " + std::to_string(frames) +
           " frames, fewer than half";
  }
  if (faces >= kFewestFaces) return "";
  return "a face is seen in " + CountOf(static_cast<size_t>(faces), "frame") + ", and at least " +
         std::to_string(kFewestFaces) + " are needed";
}

// Of the file as it is now, the part of it that is used, and the program that looks at it.
fs::path KeptName(const fs::path& folder, const fs::path& file, const ClipCut& cut) {
  std::error_code ignored;
  const auto changed = fs::last_write_time(file, ignored).time_since_epoch().count();
  const std::string what = fs::absolute(file).string() + "\n" +
                           std::to_string(fs::file_size(file, ignored)) + "\n" +
                           std::to_string(changed) + "\n" + std::to_string(cut.seconds) + "\n" +
                           std::to_string(cut.max_height) + "\n" + kVersion;
  char name[32];
  std::snprintf(name, sizeof(name), "%016llx",
                static_cast<unsigned long long>(DeriveSeed(0, what)));
  return folder / name;
}

}  // namespace

FoundFaces FindOrReadFaces(const fs::path& file, const ClipCut& cut, const fs::path& kept,
                           const std::shared_ptr<FaceNetworks>& networks,
                           const CancelToken* cancel) {
  if (kept.empty()) return FindMainFace(file, cut, networks, cancel);
  const fs::path name = KeptName(kept, file, cut);
  if (std::optional<FoundFaces> found = ReadFoundFaces(name)) return std::move(*found);
  FoundFaces found = FindMainFace(file, cut, networks, cancel);
  WriteFoundFaces(name, found);
  return found;
}

DatasetPlan ScanClips(const std::vector<DatasetSource>& sources, const ForgeDatasetOptions& options,
                      const fs::path& kept, const CancelToken* cancel,
                      const DatasetProgress& progress) {
  options.Validate();
  std::vector<FaceLook> looks(sources.size());
  std::vector<std::string> faults(sources.size());
  std::mutex mutex;
  int64_t done = 0;
  const auto total = static_cast<int64_t>(sources.size());
  if (progress) progress("look", 0, total);
  RunSideBySide(options.jobs, sources.size(), cancel, [&] {
    return [&, networks = LoadFaceNetworks({.threads = 1})](size_t i) {
      try {
        const FoundFaces found =
            FindOrReadFaces(sources[i].file, options.cut, kept, networks, cancel);
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
    std::string problem = std::to_string(usable.size()) + " of " + CountOf(sources.size(), "clip") +
                          " can be used, and two are needed";
    for (size_t i = 0; i < std::min<size_t>(left_out.size(), 5); ++i) {
      problem += "; " + left_out[i].file.string() + ": " + left_out[i].why;
    }
    throw Error(problem, "Give clips of at least two people whose faces are seen");
  }
  DatasetPlan plan = PlanDataset(usable, usable_looks, options.seed);
  plan.left_out.insert(plan.left_out.begin(), left_out.begin(), left_out.end());
  return plan;
}

DatasetPlan ScanClips(const std::vector<DatasetSource>& sources, const ForgeDatasetOptions& options,
                      const CancelToken* cancel, const DatasetProgress& progress) {
  return ScanClips(sources, options, {}, cancel, progress);
}

}  // namespace unmask
