#pragma once

// For tests: made-up videos, and what a track stream makes of them.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/face/track_stream.h"
#include "unmask/media/frame.h"
#include "unmask/media/frame_source.h"
#include "unmask/media/picture.h"
#include "unmask/media/scale.h"

namespace unmask {

inline std::filesystem::path TestSamples() {
  return std::filesystem::path(UNMASK_DEPS_DIR) / "samples";
}

// A made-up video: the same picture again and again.
class StillSource : public FrameSource {
 public:
  StillSource(Image picture, int frames, double fps) : picture_(std::move(picture)) {
    info_ = {.width = picture_.width,
             .height = picture_.height,
             .frames_per_second = fps,
             .duration = frames / fps,
             .frame_count = frames,
             .is_picture = false,
             .codec = "made up"};
  }
  const MediaInfo& info() const override { return info_; }
  bool Grab() override {
    ++index_;
    if (index_ == fails_at) throw Error("the disk is gone");
    return index_ < info_.frame_count;
  }
  int64_t index() const override { return index_; }
  double time() const override { return index_ / info_.frames_per_second; }
  Image Retrieve() override {
    if (++retrieved == fails_to_give) throw Error("there is no memory left");
    return picture_;
  }
  int64_t corrupt_frames() const override { return 3; }
  int other_videos() const override { return 2; }

  int64_t fails_at = -1;
  int64_t fails_to_give = -1;
  int64_t retrieved = 0;

 private:
  Image picture_;
  MediaInfo info_;
  int64_t index_ = -1;
};

// The left part of sample 6 at a quarter of its size: one face of some 60 pixels.
inline Image OneFace() {
  const Image picture = ReadPicture(TestSamples() / "sample6.jpg");
  return Scaled(FrameOf(picture)->Part({80, 300, 480, 768}), 120, 192);
}

inline std::vector<TrackPart> All(TrackStream& stream) {
  std::vector<TrackPart> parts;
  while (std::optional<TrackPart> part = stream.Next()) parts.push_back(std::move(*part));
  return parts;
}

class TrackStreamTest : public testing::Test {
 protected:
  std::vector<TrackPart> Run(FrameSource& source, const TrackStreamOptions& options = {},
                             std::shared_ptr<FaceNetworks> networks = nullptr) {
    TrackStream stream(source, networks ? networks : networks_, options);
    std::vector<TrackPart> parts = All(stream);
    stats_ = stream.stats();
    return parts;
  }

  std::filesystem::path Clip(const std::string& name, const std::string& arguments) {
    const std::filesystem::path path = folder_.path() / "clip.mp4";
    const std::string command = "ffmpeg -nostdin -v error -y -i '" +
                                (TestSamples() / name).string() + "' " + arguments + " -an '" +
                                path.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return path;
  }

  TemporaryFolder folder_;
  std::shared_ptr<FaceNetworks> networks_ = LoadFaceNetworks({});
  TrackStreamStats stats_;
};

}  // namespace unmask
