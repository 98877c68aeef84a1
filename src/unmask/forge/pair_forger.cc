#include "unmask/forge/pair_forger.h"

#include <system_error>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/forge/clip_forgeries.h"
#include "unmask/forge/dataset_scan.h"
#include "unmask/media/video_writer.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr int kPatches = 96;                   // of each clip, some 40 MB
constexpr int64_t kFrameMemory = 200'000'000;  // bytes for the frames of a clip

struct Encoding {
  const char* quality;
  int crf;
  const char* preset;
};
// Without loss the preset changes nothing but the size.
constexpr Encoding kEncodings[] = {
    {"raw", 0, "veryfast"}, {"c23", 23, "medium"}, {"c40", 40, "medium"}};

VideoWriterOptions WritingOf(const std::string& quality, const MediaInfo& info,
                             const fs::path& audio_from) {
  for (const Encoding& encoding : kEncodings) {
    if (quality != encoding.quality) continue;
    VideoWriterOptions writing{
        .crf = encoding.crf, .preset = encoding.preset, .threads = 1, .audio_from = audio_from};
    if (info.frames_per_second > 0) writing.frames_per_second = info.frames_per_second;
    return writing;
  }
  throw Error("unknown quality '" + quality + "'");
}

}  // namespace

PairForger::PairForger(fs::path folder, const ForgeDatasetOptions& options, fs::path kept,
                       const CancelToken* cancel)
    : folder_(std::move(folder)),
      options_(options),
      kept_(std::move(kept)),
      cancel_(cancel),
      networks_(LoadFaceNetworks({.threads = 1})) {}

void PairForger::Forge(const PlannedClip& a, const PlannedClip& b,
                       const std::function<void()>& written) {
  if (Missing(a).empty() && Missing(b).empty()) return;
  ClipFrames frames_a(a.file, options_.cut, kFrameMemory);
  ClipFrames frames_b(b.file, options_.cut, kFrameMemory);
  const FaceClip clip_a = Read(a, frames_a), clip_b = Read(b, frames_b);
  WriteVideos(a, frames_a, clip_a, clip_b, written);
  WriteVideos(b, frames_b, clip_b, clip_a, written);
}

std::map<std::string, std::vector<std::string>> PairForger::Missing(
    const PlannedClip& target) const {
  std::map<std::string, std::vector<std::string>> missing;
  std::vector<std::string> classes = options_.families;
  classes.emplace_back("");
  for (const std::string& name : classes) {
    for (const std::string& quality : options_.qualities) {
      std::error_code error;
      if (!fs::exists(DatasetVideo(folder_, target, name, quality), error)) {
        missing[name].push_back(quality);
      }
    }
  }
  return missing;
}

FaceClip PairForger::Read(const PlannedClip& planned, ClipFrames& frames) const {
  FoundFaces found = FindOrReadFaces(planned.file, options_.cut, kept_, networks_, cancel_);
  FaceClip clip = CutFaces(frames, std::move(found.moments), kPatches, cancel_);
  if (clip.patches.empty()) {
    throw Error(planned.file.string() + ": no face is found in it any more",
                "Leave the clips as they are while the data set is made");
  }
  return clip;
}

void PairForger::WriteVideos(const PlannedClip& target, ClipFrames& frames, const FaceClip& clip,
                             const FaceClip& source, const std::function<void()>& written) const {
  for (const auto& [class_name, qualities] : Missing(target)) {
    std::unique_ptr<FaceForger> forger;
    if (!class_name.empty()) {
      const uint64_t seed = DeriveSeed(options_.seed, target.id + "_" + target.partner);
      forger = FindClipForgery(class_name).make(clip, source, seed);
    }
    WriteOne(target, class_name, qualities, frames, forger.get());
    for (size_t i = 0; i < qualities.size(); ++i) written();
  }
}

// One pass over the target, encoded in all the qualities that are missing.
void PairForger::WriteOne(const PlannedClip& target, const std::string& class_name,
                          const std::vector<std::string>& qualities, ClipFrames& frames,
                          FaceForger* forger) const {
  const MediaInfo& info = frames.info();
  std::vector<std::unique_ptr<VideoWriter>> writers;
  for (const std::string& quality : qualities) {
    writers.push_back(std::make_unique<VideoWriter>(
        DatasetVideo(folder_, target, class_name, quality), info.width, info.height,
        WritingOf(quality, info, target.file)));
  }
  frames.ForEach([&](int64_t index, double time, const Image& frame) {
    if (cancel_ != nullptr) cancel_->Check();
    Image forged;
    if (forger != nullptr) {
      forged = frame;
      forger->Forge(index, forged);
    }
    for (const auto& writer : writers) writer->Write(forger != nullptr ? forged : frame, time);
  });
  for (const auto& writer : writers) writer->Finish();
}

}  // namespace unmask
