#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "unmask/base/cancel.h"
#include "unmask/detect/verdict.h"

namespace unmask {

// Throws UsageError unless a drawing of `input` can be written to `output`: another file, a picture
// for a picture, a video for a video. Throws Error where `input` cannot be read or the folder of
// `output` cannot be written to.
void CheckDrawing(const std::filesystem::path& input, const std::filesystem::path& output);

// Writes the file again after `draw`, which gets the number, the time in seconds and the pixels of
// every frame. Size, frame times and sound are those of the input. The output appears whole or not
// at all. `progress` is called with the seconds of video done. Throws as CheckDrawing() does.
void DrawFrames(const std::filesystem::path& input, const std::filesystem::path& output,
                const std::function<void(int64_t, double, Image&)>& draw,
                const CancelToken* cancel = nullptr,
                const std::function<void(double)>& progress = nullptr);

// DrawFrames() of a judged file, with a box around every face, the number of its track and its
// score: blue and "real", orange and "fake", which colour-blind people can tell apart. Between the
// frames that were searched the boxes move evenly.
void DrawVerdict(const Verdict& verdict, const std::filesystem::path& output,
                 const CancelToken* cancel = nullptr,
                 const std::function<void(double)>& progress = nullptr);

// Where the track is in a frame at `time`, evenly between two detections; nothing where the face is
// hidden or not there.
std::optional<Box> PlaceAt(const Verdict& verdict, const TrackResult& track, int64_t frame,
                           double time);

// The drawing of one frame of the video, for those who show frames themselves.
void DrawOnFrame(const Verdict& verdict, int64_t frame, double time, Image& image);

}  // namespace unmask
