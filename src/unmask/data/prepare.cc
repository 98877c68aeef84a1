#include "unmask/data/prepare.h"

#include <algorithm>
#include <optional>
#include <set>

#include "unmask/base/error.h"
#include "unmask/data/crop_store.h"
#include "unmask/face/track_stream.h"
#include "unmask/media/frame_source.h"

namespace unmask {
namespace {

TrackStreamOptions StreamOptions(const PrepareOptions& options, const PrepareInput& input) {
  TrackStreamOptions stream;
  stream.detector.threads = options.threads;
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

SourceFile FileOf(const PrepareInput& input) {
  const PrepareInput known = WithDefaults(input);
  return {.source = known.file.string(),
          .identity = known.identity,
          .split = known.split,
          .label = known.label,
          .class_name = known.class_name,
          .quality = known.quality,
          .failure = ""};
}

class Preparer {
 public:
  Preparer(CropStoreWriter& writer, const PrepareOptions& options, const CancelToken* cancel)
      : writer_(writer),
        options_(options),
        cancel_(cancel),
        networks_(LoadFaceNetworks({.threads = options.threads})) {}

  void Add(const PrepareInput& input, PrepareResult& result, SourceFile& looked_at) {
    const int64_t before = result.faces;
    const auto source = OpenMedia(input.file, {.threads = options_.threads});
    TrackStream stream(*source, networks_, StreamOptions(options_, input), cancel_);
    const bool choose = options_.single_face && source->info().is_picture;
    std::vector<TrackPart> held;  // of a picture only
    std::set<int> tracks;
    while (std::optional<TrackPart> part = stream.Next()) {
      tracks.insert(part->track);
      if (choose) {
        held.push_back(std::move(*part));
      } else {
        Write(input, *part, result);
      }
    }
    if (const std::optional<int> chosen = MostProminent(held)) {
      for (const TrackPart& part : held) {
        if (part.track == *chosen) Write(input, part, result);
      }
      tracks = {*chosen};
    }
    result.tracks += static_cast<int64_t>(tracks.size());
    looked_at.tracks = static_cast<int64_t>(tracks.size());
    looked_at.faces = result.faces - before;
    if (tracks.empty()) {
      result.no_faces.push_back(input.file);
    } else {
      ++result.files;
    }
  }

  // The last error was one of the store, not of the input: no other input would fare better.
  bool store_failed() const { return store_failed_; }

 private:
  void Write(const PrepareInput& input, const TrackPart& part, PrepareResult& result) {
    CropRecord record;
    const PrepareInput known = WithDefaults(input);
    record.source = known.file.string();
    record.identity = known.identity;
    record.split = known.split;
    record.label = known.label;
    record.class_name = known.class_name;
    record.quality = known.quality;
    record.track = part.track;
    for (const AlignedFace& face : part.faces) {
      store_failed_ = true;  // unless it returns
      writer_.Add(face, record);
      store_failed_ = false;
      ++result.faces;
    }
  }

  CropStoreWriter& writer_;
  const PrepareOptions& options_;
  const CancelToken* cancel_;
  std::shared_ptr<FaceNetworks> networks_;
  bool store_failed_ = false;
};

[[noreturn]] void RefuseWithoutFaces(const std::vector<PrepareInput>& inputs,
                                     const PrepareResult& result) {
  const std::string remedy = "Give videos or pictures with faces of at least 40 pixels";
  if (inputs.size() == 1 && !result.failures.empty()) {
    throw Error(result.failures[0].cause, result.failures[0].remedy);
  }
  if (inputs.size() == 1) throw Error("no face was found in " + inputs[0].file.string(), remedy);
  const std::string cause =
      result.failures.empty() ? "" : " (" + result.failures[0].cause + ", and so on)";
  throw Error("no face was found in any of the " + std::to_string(inputs.size()) + " files" + cause,
              remedy);
}

}  // namespace

void PrepareOptions::Validate() const {
  if (crop_size < 32 || crop_size > 2048) {
    throw UsageError("crop size must lie in 32 … 2048, is " + std::to_string(crop_size));
  }
  if (!(crop_scale >= 0.5 && crop_scale <= 5)) throw UsageError("crop scale must lie in 0.5 … 5");
  if (faces_per_track < 0) throw UsageError("faces per track must be at least 0");
  if (!(detect_fps >= 0)) throw UsageError("detections per second must be at least 0");
}

PrepareResult Prepare(const std::vector<PrepareInput>& inputs, const std::filesystem::path& folder,
                      const PrepareOptions& options, const CancelToken* cancel,
                      const std::function<void(int64_t)>& progress) {
  options.Validate();
  CropStoreWriter writer(folder,
                         {.crop_size = options.crop_size, .crop_scale = options.crop_scale});
  Preparer preparer(writer, options, cancel);
  PrepareResult result;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (cancel != nullptr) cancel->Check();
    SourceFile file = FileOf(inputs[i]);
    try {
      preparer.Add(inputs[i], result, file);
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& e) {
      if (preparer.store_failed()) throw;
      result.failures.push_back({inputs[i].file, e.problem(), e.remedy()});
      file.failure = e.problem();
    }
    writer.AddFile(file);
    if (progress) progress(static_cast<int64_t>(i) + 1);
  }
  if (result.faces == 0) RefuseWithoutFaces(inputs, result);
  writer.Finish();
  return result;
}

}  // namespace unmask
