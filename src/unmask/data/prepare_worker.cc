#include "unmask/data/prepare_worker.h"

#include <algorithm>
#include <future>
#include <new>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/log.h"
#include "unmask/base/side_by_side.h"
#include "unmask/face/track_stream.h"
#include "unmask/media/frame_source.h"

namespace unmask {
namespace {

// Of the crops that are packed while others are made: as many may wait again.
constexpr size_t kMostBytesBeside = size_t{64} << 20;

TrackStreamOptions StreamOptions(const PrepareOptions& options, const PrepareInput& input,
                                 int threads) {
  TrackStreamOptions stream;
  stream.detector.threads = threads;
  stream.alignment = {.size = options.crop_size, .scale = options.crop_scale};
  stream.detect_fps = options.detect_fps;
  stream.faces_per_track = input.faces > 0 ? input.faces : options.faces_per_track;
  return stream;
}

// The track whose face is largest, among those of a picture.
std::optional<int> MostProminent(const std::vector<TrackPart>& parts) {
  std::optional<int> track;
  float largest = 0;
  for (const TrackPart& part : parts) {
    for (const AlignedFace& face : part.faces) {
      const float area = face.face.box.width() * face.face.box.height();
      if (area > largest) {
        largest = area;
        track = part.track;
      }
    }
  }
  return track;
}

}  // namespace

struct PrepareWorker::Impl {
  const PrepareOptions& options;
  const int threads;
  const CancelToken* cancel;
  const std::atomic<bool>& stop;
  BoundedQueue<PrepareReport>& reports;
  const std::shared_ptr<FaceNetworks> networks;

  void Report(PrepareReport report) const {
    if (!reports.Push(std::move(report))) throw Cancelled();
  }

  void ReportFaces(size_t file, const TrackPart& part, int packers) const {
    std::vector<PackedFace> packed(part.faces.size());
    const auto pack = [&](size_t i) { packed[i] = PackFace(part.faces[i], part.track); };
    RunSideBySide(packers, packed.size(), cancel, [&] { return pack; });
    for (PackedFace& face : packed) {
      Report({.file = file, .face = std::move(face), .tracks = 0, .failure = "", .remedy = ""});
    }
  }

  // Reports the faces while the caller goes on; before it returns where that takes too much memory,
  // or threads that are not to be had.
  std::future<void> ReportBeside(size_t file, TrackPart part) const {
    size_t bytes = 0;
    for (const AlignedFace& face : part.faces) bytes += face.crop.data.size();
    const auto ready = std::make_shared<const TrackPart>(std::move(part));
    if (threads > 1 && bytes <= kMostBytesBeside) {
      try {
        return std::async(std::launch::async, [=, this] { ReportFaces(file, *ready, threads); });
      } catch (const std::system_error&) {
        ReportFaces(file, *ready, 1);
        return {};
      }
    }
    ReportFaces(file, *ready, threads);
    return {};
  }

  // Returns the number of tracks.
  int64_t ReportTracks(size_t file, const PrepareInput& input) const {
    const TrackStreamOptions stream_options = StreamOptions(options, input, threads);
    // All faces of a track are more work than decoding: frames that more threads decode would wait.
    // Of a few, all the rest waits for those.
    const bool all = stream_options.faces_per_track == 0;
    const auto source =
        OpenMedia(input.file, {.threads = all ? std::max(1, threads / 2) : threads});
    TrackStream stream(*source, networks, stream_options, cancel, [this](double) {
      if (stop.load(std::memory_order_relaxed)) throw Cancelled();
    });
    const bool choose = options.single_face && source->info().is_picture;
    std::vector<TrackPart> held;  // of a picture only
    std::set<int> tracks;
    std::future<void> reporting;  // of one part, while the next one grows
    while (std::optional<TrackPart> part = stream.Next()) {
      tracks.insert(part->track);
      if (choose) {
        held.push_back(std::move(*part));
        continue;
      }
      if (reporting.valid()) reporting.get();
      reporting = ReportBeside(file, std::move(*part));
    }
    if (reporting.valid()) reporting.get();
    const auto warn = [&](int64_t count, const std::string& what) {
      if (count == 0) return;
      Log(LogLevel::kWarning, input.file.string() + ": " + what + ": " + std::to_string(count));
    };
    warn(stream.stats().corrupt_frames, "frames that could not be decoded");
    warn(stream.stats().other_videos, "other video streams, not looked at");
    if (!choose) return static_cast<int64_t>(tracks.size());
    const std::optional<int> chosen = MostProminent(held);
    for (const TrackPart& part : held) {
      if (part.track == chosen) ReportFaces(file, part, threads);
    }
    return chosen ? 1 : 0;
  }
};

PrepareWorker::PrepareWorker(const PrepareOptions& options, int threads, const CancelToken* cancel,
                             const std::atomic<bool>& stop, BoundedQueue<PrepareReport>& reports)
    : impl_(new Impl{options, threads, cancel, stop, reports,
                     LoadFaceNetworks({.threads = threads})}) {}

PrepareWorker::~PrepareWorker() = default;

void PrepareWorker::Look(size_t file, const PrepareInput& input) {
  PrepareReport end{.file = file, .face = {}, .tracks = 0, .failure = "", .remedy = ""};
  try {
    end.tracks = impl_->ReportTracks(file, input);
  } catch (const Cancelled&) {
    throw;
  } catch (const ResourceError&) {
    throw;  // not for good: the same command goes on with this file
  } catch (const Error& e) {
    end.failure = e.problem();
    end.remedy = e.remedy();
    // Errors of single faces do not know the file.
    const std::string name = input.file.string();
    if (end.failure.find(name) == std::string::npos) end.failure = name + ": " + end.failure;
  } catch (const std::bad_alloc&) {
    end.failure = input.file.string() + ": there is not enough memory for it";
    end.remedy = "Reduce its size, or give fewer --jobs";
  }
  impl_->Report(std::move(end));
}

}  // namespace unmask
