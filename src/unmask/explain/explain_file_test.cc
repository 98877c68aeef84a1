#include "unmask/explain/explain_file.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/detect/test_models.h"
#include "unmask/explain/explanation_files.h"
#include "unmask/explain/overlay_video.h"
#include "unmask/media/frame_source.h"
#include "unmask/media/picture.h"
#include "unmask/media/video_writer.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kPortrait[] = UNMASK_DEPS_DIR "/samples/suit.jpg";
constexpr int kFrames = 20;

class ExplainFile : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    WriteMadeUpLite0(model(), 64);
    const Image portrait = ReadPicture(kPortrait);
    // The portrait drifts to the right, sixteen pixels a frame.
    const int width = portrait.width / 2 * 2, height = portrait.height / 2 * 2;
    VideoWriter writer(clip(), width, height, {.frames_per_second = 10, .preset = "ultrafast"});
    for (int i = 0; i < kFrames; ++i) {
      Image frame(width, height);
      for (int y = 0; y < height; ++y) {
        const int shift = std::min(16 * i, width);
        std::copy_n(portrait.row(y), 3 * (width - shift), frame.row(y) + 3 * shift);
      }
      writer.Write(frame);
    }
    writer.Finish();
  }
  static void TearDownTestSuite() { delete folder_; }

  static fs::path model() { return folder_->path() / "model.onnx"; }
  static fs::path clip() { return folder_->path() / "clip.mp4"; }

  static TemporaryFolder* folder_;
  Detector detector_{{.model = model(), .threads = 2, .batch = 3}};
};
TemporaryFolder* ExplainFile::folder_ = nullptr;

TEST_F(ExplainFile, SaysWhatDetectSaysAndExplainsEveryFace) {
  const Verdict verdict = detector_.Judge(clip());
  ASSERT_EQ(verdict.tracks.size(), 1);
  FileExplainer explainer(detector_, {.frames = 2, .tested_faces = 1});
  const FileExplanation explanation = explainer.Explain(clip());
  EXPECT_EQ(explanation.verdict.score, verdict.score);
  ASSERT_EQ(explanation.tracks.size(), 1);
  const TrackExplanation& track = explanation.tracks[0];
  ASSERT_EQ(track.faces.size(), verdict.tracks[0].faces.size());
  for (size_t i = 0; i < track.faces.size(); ++i) {
    EXPECT_EQ(track.faces[i].score, verdict.tracks[0].faces[i].score);
    EXPECT_EQ(track.faces[i].face.frame, verdict.tracks[0].faces[i].frame);
    EXPECT_EQ(track.faces[i].map.width, 2);  // 64 pixels, a thirty-second of them
    EXPECT_LE(track.faces[i].map.Largest(), explanation.scale);
  }
  EXPECT_EQ(explanation.crop_size, 64);
  EXPECT_EQ(track.mean_crop.width, 64);
  EXPECT_EQ(explanation.faithfulness.faces, 1);
}

TEST_F(ExplainFile, ShowsTheMomentsThatSpeakMostForTheTarget) {
  for (const ExplainedTarget target : {ExplainedTarget::kMargin, ExplainedTarget::kReal}) {
    const double sign = target == ExplainedTarget::kReal ? -1 : 1;
    FileExplainer explainer(
        detector_,
        {.maps = {.target = target}, .frames = 3, .tested_faces = 0, .picture_size = 96});
    const FileExplanation explanation = explainer.Explain(clip());
    const TrackExplanation& track = explanation.tracks[0];
    ASSERT_EQ(track.shown.size(), 3);
    for (const FaceExplanation& face : track.faces) {
      EXPECT_LE(sign * face.margin, sign * track.faces[track.shown[0].face].margin);
    }
    const double length = track.faces.back().face.time - track.faces.front().face.time;
    EXPECT_GT(length, 0.5);
    EXPECT_GE(std::abs(track.faces[track.shown[0].face].face.time -
                       track.faces[track.shown[1].face].face.time),
              length / 6);
    EXPECT_EQ(track.shown[0].picture.width, 96);
    EXPECT_EQ(explanation.faithfulness.faces, 0);
  }
}

TEST_F(ExplainFile, TheMapsAreThoseOfTheCropsWhateverTheBatch) {
  FileExplainer explainer(detector_, {.tested_faces = 0, .picture_size = 64});
  const FileExplanation explanation = explainer.Explain(kPortrait);
  const TrackExplanation& track = explanation.tracks.at(0);
  CropExplainer crops(model());
  const std::vector<Image> three(3, track.shown.at(0).picture);
  for (const CropExplanation& explained : crops.Explain(three)) {
    EXPECT_NEAR(explained.score, track.faces[0].score, 1e-5);
    for (size_t i = 0; i < explained.map.values.size(); ++i) {
      EXPECT_NEAR(explained.map.values[i], track.faces[0].map.values[i], 1e-4 * explanation.scale);
    }
  }
}

TEST_F(ExplainFile, OtherModelsAreComparedOnTheSameFaces) {
  CropExplainer same(model());
  FileExplainer explainer(detector_, {.tested_faces = 0});
  explainer.Compare(same);
  const FileExplanation explanation = explainer.Explain(kPortrait);
  const TrackExplanation& track = explanation.tracks.at(0);
  ASSERT_EQ(track.shown.at(0).others.size(), 1);
  EXPECT_NEAR(track.shown[0].others[0].explanation.score, track.faces[0].score, 1e-4);
  const TemporaryFolder folder;
  const ExplanationFiles files =
      WriteExplanationPictures(explanation, {}, {"a", "b"}, folder.path());
  EXPECT_THAT(files.tracks.at(0).faces, ElementsAre("face-1-1.png"));
  EXPECT_EQ(files.tracks[0].mean, "");  // of a single face
  EXPECT_GT(ReadPicture(folder.path() / files.grid).width, 3 * 224);
  const Json json = ToJson(explanation, files, {"a", "b"}, "x/");
  EXPECT_EQ(json["tracks"][0]["shown"][0]["picture"], "x/face-1-1.png");
  EXPECT_EQ(json["tracks"][0]["shown"][0]["compared"][0]["model"], "b");
  EXPECT_TRUE(json["faithfulness"].is_null());
}

TEST_F(ExplainFile, BetweenJudgedFacesMapsMoveWithTheBox) {
  FileExplainer explainer(detector_, {.tested_faces = 0});
  const FileExplanation explanation = explainer.Explain(clip());
  const FaceExplanation& face = explanation.tracks[0].faces[4];
  const auto placed = MapAt(explanation, 0, face.face.frame, face.face.time);
  ASSERT_TRUE(placed);
  EXPECT_EQ(placed->map.values, face.map.values);
  EXPECT_NEAR(placed->crop_from_frame.a, face.crop_from_frame.a, 1e-4);
  EXPECT_NEAR(placed->crop_from_frame.tx, face.crop_from_frame.tx, 0.05);
  EXPECT_FALSE(MapAt(explanation, 0, 10000, 1000.0));
}

TEST_F(ExplainFile, DrawsVideosOfTheSameLength) {
  FileExplainer explainer(detector_, {.tested_faces = 0});
  const FileExplanation explanation = explainer.Explain(clip());
  const fs::path output = folder_->path() / "overlay.mp4";
  DrawExplanation(explanation, output);
  const auto source = OpenMedia(output);
  int frames = 0;
  while (source->Grab()) ++frames;
  EXPECT_EQ(frames, kFrames);
  EXPECT_THROW(DrawExplanation(explanation, folder_->path() / "overlay.png"), UsageError);
}

TEST_F(ExplainFile, AFileWithoutAFaceHasNothingToExplain) {
  const fs::path grey = folder_->path() / "grey.png";
  WritePicture(grey, Image(200, 200));
  FileExplainer explainer(detector_, {});
  const FileExplanation explanation = explainer.Explain(grey);
  EXPECT_EQ(explanation.verdict.judgement, Judgement::kNoFace);
  EXPECT_TRUE(explanation.tracks.empty());
  EXPECT_EQ(explanation.scale, 0);
}

TEST_F(ExplainFile, OptionsAreChecked) {
  EXPECT_THROW(FileExplainer(detector_, {.frames = 0}), UsageError);
  EXPECT_THROW(FileExplainer(detector_, {.tested_faces = -1}), UsageError);
  EXPECT_THROW(FileExplainer(detector_, {.picture_size = 5}), UsageError);
}

TEST_F(ExplainFile, LayersNeedTheTrainingProgram) {
  const auto problem = [&](const fs::path& program) {
    try {
      FileExplainer(detector_, {.maps = {.layer = "bn1", .training_program = program}});
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("no complaint");
  };
  EXPECT_THAT(problem(folder_->path() / "none"), HasSubstr("cannot run the training program"));
  EXPECT_THAT(problem("/bin/false"), HasSubstr("ended with code 1"));
}

TEST_F(ExplainFile, ModelsWithoutFeaturesSaySo) {
  const fs::path file = folder_->path() / "colour.onnx";
  ModelMetadata metadata;
  WriteMeanColourModel(file, metadata, {1, 2, 3, 4, 5, 6}, {0, 0});
  try {
    CropExplainer explainer(file);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.problem(), HasSubstr("no output called 'features'"));
    EXPECT_THAT(e.remedy(), HasSubstr("Export the model"));
  }
}

}  // namespace
}  // namespace unmask
