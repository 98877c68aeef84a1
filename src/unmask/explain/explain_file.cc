#include "unmask/explain/explain_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/media/frame_source.h"

namespace unmask {
namespace {

// The faces to look at lie at least this share of the track apart, divided by their number:
// neighbours look alike.
constexpr double kApart = 0.5;

// What is gathered of a track while its file is judged.
struct Gathered {
  TrackExplanation track;
  std::vector<double> crop_sum;  // of the crops' bytes
  int size = 0;
};

class Gatherer {
 public:
  Gatherer(MapSource& maps, const Classifier& classifier) : maps_(maps), classifier_(classifier) {}

  void Add(std::span<const JudgedFace> faces) {
    std::vector<const Image*> crops;
    for (const JudgedFace& face : faces) crops.push_back(&face.aligned.crop);
    std::vector<HeatMap> maps = maps_.Maps(classifier_, crops);
    for (size_t i = 0; i < faces.size(); ++i) {
      Gathered& gathered = tracks_[faces[i].track];
      FaceExplanation& face = gathered.track.faces.emplace_back();
      face.face = faces[i].aligned.face;
      face.face.mesh = {};
      face.crop_from_frame = faces[i].aligned.crop_from_frame;
      face.score = faces[i].score;
      face.margin = faces[i].margin;
      face.map = std::move(maps[i]);
      AddCrop(gathered, faces[i].aligned.crop);
    }
  }

  // In the order of the verdict's tracks, which have the same faces.
  std::vector<TrackExplanation> Finish(const Verdict& verdict) {
    std::vector<TrackExplanation> ordered;
    for (const TrackResult& track : verdict.tracks) {
      const auto found = std::find_if(tracks_.begin(), tracks_.end(), [&](const auto& entry) {
        const Face& first = entry.second.track.faces.front().face;
        const FaceResult& wanted = track.faces.front();
        return first.frame == wanted.frame && first.box.x0 == wanted.box.x0 &&
               first.box.y0 == wanted.box.y0;
      });
      if (found == tracks_.end()) throw Error("a track was lost while explaining");
      ordered.push_back(Finished(std::move(found->second)));
      tracks_.erase(found);
    }
    return ordered;
  }

 private:
  static void AddCrop(Gathered& gathered, const Image& crop) {
    gathered.size = crop.width;
    gathered.crop_sum.resize(crop.data.size());
    for (size_t i = 0; i < crop.data.size(); ++i) gathered.crop_sum[i] += crop.data[i];
  }

  static TrackExplanation Finished(Gathered gathered) {
    TrackExplanation track = std::move(gathered.track);
    std::vector<HeatMap> maps;
    for (const FaceExplanation& face : track.faces) maps.push_back(face.map);
    track.mean_map = MeanMap(maps);
    track.mean_crop = Image(gathered.size, gathered.size);
    const auto count = static_cast<double>(track.faces.size());
    for (size_t i = 0; i < gathered.crop_sum.size(); ++i) {
      track.mean_crop.data[i] = static_cast<uint8_t>(std::lround(gathered.crop_sum[i] / count));
    }
    return track;
  }

  MapSource& maps_;
  const Classifier& classifier_;
  std::map<int, Gathered> tracks_;  // by the detector's number
};

// The `count` faces that speak most for the target, spread over the track where it is long enough.
std::vector<ShownFace> ChooseShown(const std::vector<FaceExplanation>& faces, int count,
                                   ExplainedTarget target) {
  std::vector<size_t> order(faces.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const double sign = target == ExplainedTarget::kReal ? -1 : 1;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return sign * faces[a].margin > sign * faces[b].margin;
  });
  const double gap = kApart * (faces.back().face.time - faces.front().face.time) / count;
  std::vector<ShownFace> shown;
  const auto take = [&](bool any) {
    for (const size_t i : order) {
      const bool far = std::all_of(shown.begin(), shown.end(), [&](const ShownFace& s) {
        return s.face != i &&
               (any || std::fabs(faces[s.face].face.time - faces[i].face.time) >= gap);
      });
      if (far && shown.size() < static_cast<size_t>(count)) shown.push_back({.face = i});
    }
  };
  take(false);
  take(true);
  return shown;
}

float LargestOf(const std::vector<TrackExplanation>& tracks) {
  float largest = 0;
  for (const TrackExplanation& track : tracks) {
    for (const FaceExplanation& face : track.faces) largest = std::max(largest, face.map.Largest());
  }
  return largest;
}

// The best face of each track, then the second of each, and so on.
std::vector<std::pair<size_t, size_t>> ToTest(const std::vector<TrackExplanation>& tracks,
                                              int count) {
  std::vector<std::pair<size_t, size_t>> chosen;  // track, index in its `shown`
  size_t most = 0;
  for (const TrackExplanation& track : tracks) most = std::max(most, track.shown.size());
  for (size_t rank = 0; rank < most; ++rank) {
    for (size_t t = 0; t < tracks.size(); ++t) {
      if (rank < tracks[t].shown.size() && chosen.size() < static_cast<size_t>(count)) {
        chosen.emplace_back(t, rank);
      }
    }
  }
  return chosen;
}

}  // namespace

void ExplainOptions::Validate() const {
  const auto check = [](bool good, const std::string& what) {
    if (!good) throw UsageError(what);
  };
  check(frames >= 1 && frames <= 1000, "the frames of each track must lie in 1 … 1000");
  check(tested_faces >= 0 && tested_faces <= 1000, "the faces to test must lie in 0 … 1000");
  check(picture_size >= 32 && picture_size <= 4096, "the pictures' size must lie in 32 … 4096");
}

FileExplainer::FileExplainer(Detector& detector, const ExplainOptions& options)
    : detector_(detector),
      options_((options.Validate(), options)),
      maps_(MakeMapSource(detector.classifier(), options.maps)) {}

FileExplanation FileExplainer::Explain(const std::filesystem::path& file, const CancelToken* cancel,
                                       const Detector::ProgressFunction& progress) {
  FileExplanation explanation;
  explanation.crop_size = detector_.classifier().alignment().size;
  Gatherer gatherer(*maps_, detector_.classifier());
  explanation.verdict = detector_.Judge(file, cancel, progress,
                                        [&](std::span<const JudgedFace> f) { gatherer.Add(f); });
  explanation.tracks = gatherer.Finish(explanation.verdict);
  explanation.scale = LargestOf(explanation.tracks);
  for (TrackExplanation& track : explanation.tracks) {
    track.shown = ChooseShown(track.faces, options_.frames, options_.maps.target);
  }
  if (!explanation.tracks.empty()) Look(explanation, cancel);
  return explanation;
}

// The second pass: the chosen faces from the original pixels.
void FileExplainer::Look(FileExplanation& explanation, const CancelToken* cancel) {
  std::multimap<int64_t, std::pair<size_t, size_t>> wanted;  // frame → track, index in `shown`
  for (size_t t = 0; t < explanation.tracks.size(); ++t) {
    const TrackExplanation& track = explanation.tracks[t];
    for (size_t i = 0; i < track.shown.size(); ++i) {
      wanted.emplace(track.faces[track.shown[i].face].face.frame, std::pair(t, i));
    }
  }
  const auto to_test = ToTest(explanation.tracks, options_.tested_faces);
  std::vector<Faithfulness> tests;
  const auto source = OpenMedia(explanation.verdict.file);
  const int64_t last = wanted.rbegin()->first;
  while (source->Grab() && source->index() <= last) {
    if (cancel != nullptr) cancel->Check();
    const auto [begin, end] = wanted.equal_range(source->index());
    if (begin == end) continue;
    const Image frame = source->Retrieve();
    for (auto it = begin; it != end; ++it) {
      TrackExplanation& track = explanation.tracks[it->second.first];
      ShownFace& shown = track.shown[it->second.second];
      const FaceExplanation& face = track.faces[shown.face];
      LookAt(frame, face, shown);
      if (std::find(to_test.begin(), to_test.end(), it->second) == to_test.end()) continue;
      if (cancel != nullptr) cancel->Check();
      const Image crop = WarpCrop(frame, face.crop_from_frame, explanation.crop_size);
      tests.push_back(TestMap(detector_.classifier(), crop, face.map, options_.maps.target));
    }
  }
  // A damaged file may not give every frame a second time.
  for (TrackExplanation& track : explanation.tracks) {
    std::erase_if(track.shown, [](const ShownFace& shown) { return shown.picture.empty(); });
  }
  explanation.faithfulness = MeanOf(tests);
}

void FileExplainer::LookAt(const Image& frame, const FaceExplanation& face, ShownFace& shown) {
  Similarity larger = face.crop_from_frame;
  const double factor =
      static_cast<double>(options_.picture_size) / detector_.classifier().alignment().size;
  for (double* value : {&larger.a, &larger.b, &larger.tx, &larger.ty}) *value *= factor;
  shown.picture = WarpCrop(frame, larger, options_.picture_size);
  for (CropExplainer* other : others_) {
    Image crop = Align(frame, face.face, other->classifier().alignment()).crop;
    CropExplanation explained = other->Explain({&crop, 1}).front();
    shown.others.push_back({std::move(crop), std::move(explained)});
  }
}

}  // namespace unmask
