#include "unmask/forge/forge_clip.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/media/frame_source.h"
#include "unmask/media/picture.h"
#include "unmask/media/video_writer.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kSamples = fs::path(UNMASK_DEPS_DIR) / "samples";

// The first frames of a sample clip.
void WriteShort(const fs::path& path, int frames) {
  const auto source = OpenMedia(kSamples / "franck.mp4");
  VideoWriter writer(
      path, source->info().width, source->info().height,
      {.frames_per_second = source->info().frames_per_second, .preset = "ultrafast"});
  for (int i = 0; i < frames && source->Grab(); ++i) writer.Write(source->Retrieve());
  writer.Finish();
}

std::string Refusal(const fs::path& input, const fs::path& output) {
  try {
    ForgeClip(input, output, {});
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(ForgeClipTest, ForgesEveryFrameAndKeepsTheSurroundings) {
  const TemporaryFolder folder;
  const fs::path clip = folder.path() / "clip.mp4";
  const fs::path fake = folder.path() / "fake.mkv";
  WriteShort(clip, 12);
  const ForgeClipResult result = ForgeClip(clip, fake, {.crf = 0});
  EXPECT_EQ(result.frames, 12);
  EXPECT_EQ(result.forged_frames, 12);
  EXPECT_EQ(result.forged_faces, 12);
  const auto a = OpenMedia(clip);
  const auto b = OpenMedia(fake);
  int compared = 0;
  while (a->Grab() && b->Grab()) {
    const Image real = a->Retrieve();
    const Image forged = b->Retrieve();
    int largest = 0, corner = 0;
    for (size_t i = 0; i < real.data.size(); ++i) {
      const int difference = std::abs(real.data[i] - forged.data[i]);
      largest = std::max(largest, difference);
      if (i < real.row_bytes() * 8) corner = std::max(corner, difference);
    }
    EXPECT_GT(largest, 10);
    EXPECT_LT(corner, 6);  // the first rows differ by the colour conversion alone
    EXPECT_NEAR(a->time(), b->time(), 0.002);
    ++compared;
  }
  EXPECT_EQ(compared, 12);
}

TEST(ForgeClipTest, ForgesPictures) {
  const TemporaryFolder folder;
  const fs::path fake = folder.path() / "fake.png";
  const ForgeClipResult result = ForgeClip(kSamples / "suit.jpg", fake, {});
  EXPECT_EQ(result.forged_faces, 1);
  EXPECT_NE(ReadPicture(fake).data, ReadPicture(kSamples / "suit.jpg").data);
}

TEST(ForgeClipTest, RefusesWhatCannotBeDoneAndWritesNothing) {
  const TemporaryFolder folder;
  const fs::path clip = folder.path() / "clip.mp4";
  WriteShort(clip, 3);
  const auto size = fs::file_size(clip);
  EXPECT_THAT(Refusal(clip, clip), HasSubstr("the input itself"));
  EXPECT_EQ(fs::file_size(clip), size);
  EXPECT_THAT(Refusal(clip, folder.path() / "fake.png"), HasSubstr("picture"));
  const fs::path grey = folder.path() / "grey.png";
  Image image(64, 64);
  std::fill(image.data.begin(), image.data.end(), 128);
  WritePicture(grey, image);
  EXPECT_THAT(Refusal(grey, folder.path() / "out.png"), HasSubstr("no face"));
  EXPECT_FALSE(fs::exists(folder.path() / "out.png"));
  EXPECT_THROW(ForgeClip(clip, folder.path() / "o.mp4", {.forgery = "magic"}), UsageError);
  EXPECT_THROW(ForgeClip(clip, folder.path() / "o.mp4", {.forgery = "cross-blend"}), UsageError);
  EXPECT_FALSE(fs::exists(folder.path() / "o.mp4"));
  EXPECT_THAT(Refusal(clip, folder.path() / "none" / "o.mp4"), HasSubstr("none"));
}

}  // namespace
}  // namespace unmask
