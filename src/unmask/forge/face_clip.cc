#include "unmask/forge/face_clip.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <opencv2/core.hpp>
#include <optional>
#include <utility>

#include "unmask/face/landmarks.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr double kPatchScale = 1.7;  // wide enough for the whole face
constexpr int kLargestPatch = 512;   // pixels
constexpr int64_t kLongestGap = 5;   // frames without a detection that are filled in
constexpr int kLookSize = 32;        // pixels of the crops by which colours are judged

struct Sighting {
  std::vector<Point> mesh;
  cv::Vec3f colour;
};
using Track = std::map<int64_t, Sighting>;  // by frame

cv::Vec3f ColourOf(const Image& crop) {
  const int margin = crop.width / 3;
  const cv::Rect middle(margin, margin, crop.width - 2 * margin, crop.height - 2 * margin);
  const cv::Scalar mean = cv::mean(ViewOf(crop)(middle));
  return {static_cast<float>(mean[0]), static_cast<float>(mean[1]), static_cast<float>(mean[2])};
}

std::map<int, Track> FindTracks(FrameSource& source, const std::shared_ptr<FaceNetworks>& networks,
                                const CancelToken* cancel,
                                const std::function<void(double)>& progress, int64_t& frames) {
  TrackStreamOptions options;
  options.detect_fps = 0;
  options.faces_per_track = 0;
  options.alignment.size = kLookSize;
  TrackStream stream(source, networks, options, cancel, progress);
  std::map<int, Track> tracks;
  while (std::optional<TrackPart> part = stream.Next()) {
    for (AlignedFace& aligned : part->faces) {
      tracks[part->track][aligned.face.frame] = {std::move(aligned.face.mesh),
                                                 ColourOf(aligned.crop)};
    }
  }
  frames = stream.stats().frames_decoded;
  return tracks;
}

double Prominence(const Track& track) {
  double sum = 0;
  for (const auto& [frame, sighting] : track) sum += std::pow(FaceSize(sighting.mesh), 2);
  return sum;
}

// Tracks that never overlap in time, the most prominent first.
std::vector<std::pair<int, const Track*>> MainTracks(const std::map<int, Track>& tracks) {
  std::vector<std::pair<double, int>> order;
  for (const auto& [id, track] : tracks) order.emplace_back(-Prominence(track), id);
  std::sort(order.begin(), order.end());
  std::vector<std::pair<int, const Track*>> chosen;
  for (const auto& [prominence, id] : order) {
    const Track& track = tracks.at(id);
    const int64_t first = track.begin()->first, last = track.rbegin()->first;
    const bool free = std::all_of(chosen.begin(), chosen.end(), [&](const auto& other) {
      return last < other.second->begin()->first || first > other.second->rbegin()->first;
    });
    if (free) chosen.emplace_back(id, &track);
  }
  return chosen;
}

// The track's meshes in every frame from its first to its last; short gaps are filled in on a
// straight line.
void Lay(int id, const Track& track, std::vector<FaceMoment>& moments) {
  const std::pair<const int64_t, Sighting>* last = nullptr;
  for (const auto& sighting : track) {
    const int64_t frame = sighting.first;
    if (last != nullptr && frame - last->first <= kLongestGap) {
      for (int64_t i = last->first + 1; i < frame; ++i) {
        const auto t =
            static_cast<float>(i - last->first) / static_cast<float>(frame - last->first);
        FaceMoment& moment = moments[static_cast<size_t>(i)];
        moment.track = id;
        for (int k = 0; k < kMeshSize; ++k) {
          const Point &a = last->second.mesh[k], &b = sighting.second.mesh[k];
          moment.mesh.push_back({a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)});
        }
      }
    }
    moments[static_cast<size_t>(frame)] = {sighting.second.mesh, id};
    last = &sighting;
  }
}

// Fits a parabola to the positions in up to seven frames (Savitzky and Golay 1964): takes out the
// trembling of the landmarks and leaves motion, with no lag.
std::vector<FaceMoment> Smoothed(const std::vector<FaceMoment>& moments) {
  static constexpr float kWeights[4][4] = {
      {1}, {1}, {17 / 35.f, 12 / 35.f, -3 / 35.f}, {7 / 21.f, 6 / 21.f, 3 / 21.f, -2 / 21.f}};
  std::vector<FaceMoment> smooth = moments;
  const auto count = static_cast<int64_t>(moments.size());
  const auto goes_on = [&](int64_t from, int64_t to) {
    return to >= 0 && to < count && !moments[to].mesh.empty() &&
           moments[to].track == moments[from].track;
  };
  for (int64_t i = 0; i < count; ++i) {
    if (moments[i].mesh.empty()) continue;
    int reach = 0;
    while (reach < 3 && goes_on(i, i - reach - 1) && goes_on(i, i + reach + 1)) ++reach;
    for (int k = 0; k < kMeshSize; ++k) {
      Point p{};
      for (int d = -reach; d <= reach; ++d) {
        // A window of three frames has only the parabola through its points: nothing to smooth.
        const float weight = reach < 2 ? (d == 0 ? 1.f : 0.f) : kWeights[reach][std::abs(d)];
        p.x += weight * moments[i + d].mesh[k].x;
        p.y += weight * moments[i + d].mesh[k].y;
      }
      smooth[i].mesh[k] = p;
    }
  }
  return smooth;
}

FaceLook LookOf(const std::vector<std::pair<int, const Track*>>& tracks) {
  FaceLook look;
  double count = 0;
  cv::Vec3d colour;
  double size = 0, width = 0, turn = 0;
  for (const auto& [id, track] : tracks) {
    for (const auto& [frame, sighting] : *track) {
      const std::vector<Point>& mesh = sighting.mesh;
      const Similarity upright = FitSimilarity(mesh, CanonicalMesh(), FirmPoints());
      const Point nose = upright(mesh[1]), right = upright(mesh[234]), left = upright(mesh[454]);
      const Point top = upright(mesh[10]), chin = upright(mesh[152]);
      colour += cv::Vec3d(sighting.colour[0], sighting.colour[1], sighting.colour[2]);
      size += FaceSize(mesh);
      width += std::fabs(left.x - right.x) / std::max(0.1f, std::fabs(chin.y - top.y));
      turn += nose.x - (left.x + right.x) / 2;
      ++count;
    }
  }
  if (count == 0) return look;
  for (int c = 0; c < 3; ++c) look.colour[c] = static_cast<float>(colour[c] / count);
  look.size = static_cast<float>(size / count);
  look.width = static_cast<float>(width / count);
  look.turn = static_cast<float>(turn / count);
  return look;
}

FacePatch CutPatch(const Image& frame, int64_t index, const std::vector<Point>& mesh) {
  const FivePoints points = FivePointsOfMesh(mesh);
  const double unit = CropFromFrame(points, {.size = 100, .scale = kPatchScale}).scale();
  const int size = std::clamp(static_cast<int>(std::lround(100 / unit)), 64, kLargestPatch);
  const Similarity crop_from_frame = CropFromFrame(points, {.size = size, .scale = kPatchScale});
  return {index, WarpCrop(frame, crop_from_frame, size), Transformed(mesh, crop_from_frame)};
}

}  // namespace

int64_t FaceClip::frames_with_face() const {
  return std::count_if(moments.begin(), moments.end(),
                       [](const FaceMoment& moment) { return !moment.mesh.empty(); });
}

FoundFaces FindMainFace(const std::filesystem::path& path, const ClipCut& cut,
                        const std::shared_ptr<FaceNetworks>& networks, const CancelToken* cancel,
                        const std::function<void(double)>& progress) {
  const auto source = OpenCut(path, cut);
  FoundFaces found;
  found.info = source->info();
  int64_t frames = 0;
  const std::map<int, Track> tracks = FindTracks(*source, networks, cancel, progress, frames);
  const auto chosen = MainTracks(tracks);
  // Indices may skip damaged frames, so the last face may lie behind the number of frames.
  for (const auto& [id, track] : chosen) frames = std::max(frames, track->rbegin()->first + 1);
  std::vector<FaceMoment> moments(static_cast<size_t>(frames));
  for (const auto& [id, track] : chosen) Lay(id, *track, moments);
  found.moments = Smoothed(moments);
  found.look = LookOf(chosen);
  return found;
}

FaceClip CutFaces(ClipFrames& frames, std::vector<FaceMoment> moments, int patches,
                  const CancelToken* cancel) {
  FaceClip clip{frames.info(), std::move(moments), {}};
  const int64_t faces = clip.frames_with_face();
  int64_t seen = 0, taken = 0;
  frames.ForEach([&](int64_t index, double, const Image& frame) {
    if (cancel != nullptr) cancel->Check();
    const auto i = static_cast<size_t>(index);
    if (i >= clip.moments.size() || clip.moments[i].mesh.empty()) return;
    // The k-th of n patches is taken in the middle of the k-th of n equal parts.
    const bool wanted = faces <= patches || seen >= (2 * taken + 1) * faces / (2 * patches);
    ++seen;
    if (!wanted || taken >= patches) return;
    ++taken;
    clip.patches.push_back(CutPatch(frame, index, clip.moments[i].mesh));
  });
  return clip;
}

}  // namespace unmask
