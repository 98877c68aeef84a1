#include "unmask/robustness/excerpt.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/media/scale.h"

namespace unmask {
namespace {

FrameSequence ReadFrames(const std::filesystem::path& file, const ExcerptOptions& options,
                         const CancelToken* cancel) {
  // One thread: files are judged side by side.
  const auto source = OpenMedia(file, {.threads = 1});
  const MediaInfo& info = source->info();
  FrameSequence frames;
  frames.is_picture = info.is_picture;
  if (info.frames_per_second > 0) frames.frames_per_second = info.frames_per_second;
  const double begin = std::max(0.0, (info.duration - options.seconds) / 2);
  int width = info.width, height = info.height;
  if (!info.is_picture && options.max_height > 0 && height > options.max_height) {
    width = EvenPixels(static_cast<double>(width) * options.max_height / height);
    height = EvenPixels(options.max_height);
  }
  double first = 0;
  while (source->Grab()) {
    if (cancel != nullptr) cancel->Check();
    const double time = source->time();
    if (time < begin - 1e-6) continue;
    if (frames.images.empty()) first = time;
    // A frame that begins at the very end is not shown any more.
    if (!frames.images.empty() && time - first >= options.seconds - 1e-6) break;
    Image frame = source->Retrieve();
    if (frame.width != width || frame.height != height) frame = Scaled(frame, width, height);
    frames.images.push_back(std::move(frame));
    frames.times.push_back(time - first);
  }
  if (frames.images.empty()) {
    throw Error(file.string() + ": has no frame in its middle",
                "Its stated length may be wrong: copy it with `ffmpeg -i FILE -c copy`");
  }
  return frames;
}

void ChooseMainTrack(Excerpt& excerpt) {
  std::map<int, std::vector<double>> sizes;
  for (const auto& [frame, faces] : excerpt.faces) {
    for (const TrackedFace& face : faces) sizes[face.track].push_back(FaceSize(face.mesh));
  }
  double most = 0;
  for (auto& [track, of_track] : sizes) {
    double area = 0;
    for (const double size : of_track) area += size * size;
    if (area <= most) continue;
    most = area;
    const auto middle = of_track.begin() + static_cast<std::ptrdiff_t>(of_track.size() / 2);
    std::nth_element(of_track.begin(), middle, of_track.end());
    excerpt.main_track = track;
    excerpt.face_size = *middle;
  }
}

}  // namespace

void ExcerptOptions::Validate() const {
  if (!(seconds > 0) || seconds > 60) {
    throw UsageError("the seconds of an excerpt must lie in 0 … 60",
                     "Frames are kept in memory: 2 seconds are a good start");
  }
  if (max_height != 0 && (max_height < 64 || max_height > 8192)) {
    throw UsageError("the largest height must lie in 64 … 8192, or be 0");
  }
}

Excerpt ReadExcerpt(const std::filesystem::path& file, const ExcerptOptions& options,
                    const std::shared_ptr<FaceNetworks>& networks, const CancelToken* cancel,
                    const FaceDetectorOptions& search) {
  Excerpt excerpt;
  excerpt.frames = ReadFrames(file, options, cancel);
  const auto source = OpenFrames(excerpt.frames);
  excerpt.faces = FindFacesByFrame(*source, networks, cancel, nullptr, search);
  ChooseMainTrack(excerpt);
  return excerpt;
}

Excerpt Forged(const Excerpt& excerpt, const FrameForger& forger) {
  Excerpt copy = excerpt;
  for (const auto& [frame, faces] : copy.faces) {
    Image& image = copy.frames.images[static_cast<size_t>(frame)];
    for (const TrackedFace& face : faces) forger.Forge(face, image);
  }
  return copy;
}

std::map<int64_t, const TrackedFace*> MainFaces(const Excerpt& excerpt) {
  std::map<int64_t, const TrackedFace*> chosen;
  for (const auto& [frame, faces] : excerpt.faces) {
    for (const TrackedFace& face : faces) {
      if (face.track == excerpt.main_track) chosen[frame] = &face;
    }
  }
  return chosen;
}

}  // namespace unmask
