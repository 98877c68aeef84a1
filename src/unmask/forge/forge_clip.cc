#include "unmask/forge/forge_clip.h"

#include <optional>

#include "unmask/base/error.h"
#include "unmask/face/track_stream.h"
#include "unmask/forge/frame_forger.h"
#include "unmask/media/picture.h"
#include "unmask/media/video_writer.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

void CheckOutput(const fs::path& input, const fs::path& output, bool is_picture) {
  std::error_code ignored;
  if (fs::equivalent(input, output, ignored)) {
    throw Error(output.string() + ": is the input itself", "Give another name for the copy");
  }
  if (is_picture != IsPicturePath(output)) {
    throw Error(output.string() + ": is " + (is_picture ? "not " : "") +
                    "the name of a picture, but the input is " + (is_picture ? "one" : "a video"),
                is_picture ? "End the name in .png or .jpg" : "End the name in .mp4 or .mkv");
  }
}

}  // namespace

ForgeClipResult ForgeClip(const fs::path& input, const fs::path& output,
                          const ForgeClipOptions& options, const CancelToken* cancel,
                          const std::function<void(double, double)>& progress) {
  const FrameForger forger(options.forgery, options.seed);
  const MediaOptions media{.threads = options.threads};
  auto source = OpenMedia(input, media);
  const MediaInfo info = source->info();
  CheckOutput(input, output, info.is_picture);
  // Each of the two passes counts for half of the media.
  const auto report = [&](double done) {
    if (progress) progress(done / 2, info.duration);
  };
  const FacesByFrame faces =
      FindFacesByFrame(*source, LoadFaceNetworks({.threads = options.threads}), cancel, report);
  if (faces.empty()) {
    throw Error(input.string() + ": no face was found, so there is nothing to forge",
                "Choose a clip in which a face is seen");
  }

  source = OpenMedia(input, media);
  std::optional<VideoWriter> writer;
  if (!info.is_picture) {
    VideoWriterOptions writing{.crf = options.crf, .audio_from = input};
    if (info.frames_per_second > 0) writing.frames_per_second = info.frames_per_second;
    writer.emplace(output, info.width, info.height, writing);
  }
  ForgeClipResult result;
  while (source->Grab()) {
    if (cancel != nullptr) cancel->Check();
    Image frame = source->Retrieve();
    ++result.frames;
    if (const auto found = faces.find(source->index()); found != faces.end()) {
      for (const TrackedFace& face : found->second) forger.Forge(face, frame);
      ++result.forged_frames;
      result.forged_faces += static_cast<int64_t>(found->second.size());
    }
    if (writer) {
      writer->Write(frame, source->time());
    } else {
      WritePicture(output, frame, options.quality);
    }
    report(info.duration + source->time());
  }
  if (writer) writer->Finish();
  return result;
}

}  // namespace unmask
