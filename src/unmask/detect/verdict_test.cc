#include "unmask/detect/verdict.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "unmask/detect/verdict_text.h"

namespace unmask {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TrackResult Track(int id, double start, double end, double score) {
  TrackResult track{.id = id, .start = start, .end = end, .score = score, .fake = score >= 0.5};
  track.faces = {{12, start, {1.04f, 2, 30, 40}, score}};
  track.places = {{12, start, {1, 2, 30, 40}}, {99, end, {5, 6, 34, 44}}};
  return track;
}

Verdict Fake() {
  Verdict verdict;
  verdict.file = "clips/a.mp4";
  verdict.judgement = Judgement::kFake;
  verdict.score = 0.91;
  verdict.width = 640;
  verdict.height = 480;
  verdict.duration = 75.25;
  verdict.frames_searched = 750;
  verdict.tracks = {Track(1, 0, 12.4, 0.912345678), Track(2, 62, 75, 0.3)};
  return verdict;
}

Verdict Failed() {
  Verdict verdict;
  verdict.file = "b.mp4";
  verdict.error = "b.mp4: is empty";
  verdict.remedy = "Fetch it again";
  return verdict;
}

Verdict NoFace() {
  Verdict verdict;
  verdict.file = "c.jpg";
  verdict.judgement = Judgement::kNoFace;
  verdict.is_picture = true;
  return verdict;
}

std::vector<std::string> Keys(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

TEST(VerdictJson, HasTheDocumentedFields) {
  const Json json = ToJson(Fake());
  EXPECT_THAT(Keys(json), ElementsAre("file", "verdict", "score", "doubts", "evidence", "tracks",
                                      "media", "seconds"));
  EXPECT_EQ(json["file"], "clips/a.mp4");
  EXPECT_EQ(json["verdict"], "fake");
  EXPECT_EQ(json["score"], 0.91);
  EXPECT_EQ(json["media"]["kind"], "video");
  const Json& track = json["tracks"][0];
  EXPECT_THAT(Keys(track), ElementsAre("id", "start", "end", "score", "verdict", "doubts",
                                       "evidence", "detections", "faces"));
  EXPECT_EQ(track["score"], 0.912346);
  EXPECT_EQ(track["end"], 12.4);
  EXPECT_EQ(track["detections"], 2);
  EXPECT_EQ(json["tracks"][1]["verdict"], "real");
  EXPECT_EQ(track["faces"][0], Json::parse(R"({"frame": 12, "time": 0, "score": 0.912346,
                                               "box": [1, 2, 30, 40]})"));
}

Verdict Doubtful() {
  Verdict verdict = Fake();
  verdict.judgement = Judgement::kCannotTell;
  verdict.doubts = {Doubt::kSmallFaces, Doubt::kDissent};
  verdict.evidence = {.faces = 9, .face_pixels = 38.04, .dissent = 0.444444};
  verdict.tracks[1].doubts = {Doubt::kUndecided};
  return verdict;
}

TEST(VerdictJson, DoubtsAreNamedAndTheScoreIsKept) {
  const Json json = ToJson(Doubtful());
  EXPECT_EQ(json["verdict"], "cannot_tell");
  EXPECT_EQ(json["score"], 0.91);
  EXPECT_EQ(json["doubts"], Json::parse(R"(["small_faces", "dissent"])"));
  EXPECT_EQ(json["evidence"]["face_pixels"], 38.0);
  EXPECT_EQ(json["evidence"]["dissent"], 0.444);
  EXPECT_EQ(json["tracks"][0]["verdict"], "fake");
  EXPECT_EQ(json["tracks"][1]["verdict"], "cannot_tell");
}

TEST(VerdictText, DoubtsAreExplained) {
  EXPECT_EQ(DescribeVerdict(Doubtful()),
            "clips/a.mp4: CANNOT TELL (probability of manipulation 91 %; fake from 50 %): "
            "small faces (38 pixels), 44 % of the faces say the opposite\n"
            "  track  1    0:00 –  0:12     1 face    91 %   fake, very likely\n"
            "  track  2    1:02 –  1:15     1 face    30 %   cannot tell: a score between real "
            "and fake\n");
}

TEST(VerdictJson, WithoutAScoreItIsNull) {
  const Json failed = ToJson(Failed());
  EXPECT_EQ(failed["verdict"], "error");
  EXPECT_TRUE(failed["score"].is_null());
  EXPECT_TRUE(failed["tracks"].empty());
  EXPECT_EQ(failed["error"], "b.mp4: is empty");
  EXPECT_EQ(failed["remedy"], "Fetch it again");
  const Json none = ToJson(NoFace());
  EXPECT_EQ(none["verdict"], "no_face");
  EXPECT_TRUE(none["score"].is_null());
  EXPECT_EQ(none["media"]["kind"], "picture");
}

TEST(VerdictJson, TheReportNamesModelAndOptions) {
  DetectionSettings settings;
  settings.model_name = "m";
  settings.vote_score = VoteScore::kShare;
  settings.precision = Precision::kBfloat16;
  const Json json = ToJson(settings, {Fake(), Failed()});
  EXPECT_THAT(Keys(json),
              ElementsAre("schema", "version", "program_version", "model", "options", "results"));
  EXPECT_EQ(json["schema"], "unmask/detect");
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["model"]["name"], "m");
  EXPECT_EQ(json["options"]["aggregate"], "AT");
  EXPECT_EQ(json["options"]["vote_score"], "share");
  EXPECT_EQ(json["options"]["precision"], "bf16");
  EXPECT_EQ(json["results"].size(), 2u);
}

TEST(VerdictText, SaysWhatAPersonWantsToKnow) {
  EXPECT_EQ(DescribeVerdict(Fake()),
            "clips/a.mp4: FAKE, very likely (probability of manipulation 91 %; fake from 50 %)\n"
            "  track  1    0:00 –  0:12     1 face    91 %   fake, very likely\n"
            "  track  2    1:02 –  1:15     1 face    30 %   real, likely\n");
  Verdict several = Fake();
  several.other_videos = 2;
  EXPECT_THAT(DescribeVerdict(several),
              HasSubstr("2 other video streams of the file not looked at"));
  EXPECT_EQ(DescribeVerdict(Failed()), "b.mp4: FAILED: b.mp4: is empty. Fetch it again\n");
  EXPECT_THAT(DescribeVerdict(NoFace()), StartsWith("c.jpg: NO FACE FOUND"));
}

TEST(VerdictText, AScoreBelowTheThresholdDoesNotReadAsEqual) {
  Verdict verdict = Fake();
  verdict.judgement = Judgement::kReal;
  verdict.threshold = 0.7029;
  verdict.score = 0.6988;
  EXPECT_THAT(DescribeVerdict(verdict), HasSubstr("manipulation <70 %; fake from 70 %"));
  verdict.score = 0.69;
  EXPECT_THAT(DescribeVerdict(verdict), HasSubstr("manipulation 69 %; fake from 70 %"));
  verdict.judgement = Judgement::kFake;
  verdict.score = 0.7029;
  EXPECT_THAT(DescribeVerdict(verdict), HasSubstr("manipulation 70 %; fake from 70 %"));
}

TEST(VerdictText, NamesTheMostSuspiciousOfManyTracks) {
  Verdict verdict = Fake();
  verdict.tracks.clear();
  for (int i = 1; i <= 30; ++i) verdict.tracks.push_back(Track(i, i, i + 1, i / 31.0));
  const std::string text = DescribeVerdict(verdict);
  EXPECT_THAT(text, HasSubstr("track 30 "));
  EXPECT_THAT(text, HasSubstr("track 11 "));
  EXPECT_THAT(text, Not(HasSubstr("track 10 ")));
  EXPECT_THAT(text, HasSubstr("and 10 more"));
}

TEST(VerdictText, ATerminalDoesNotObeyFileNames) {
  Verdict verdict = Fake();
  verdict.file = "a\033[2J\nb.mp4";
  EXPECT_THAT(DescribeVerdict(verdict), StartsWith("a?[2J?b.mp4: FAKE"));
}

TEST(VerdictText, CountsTheVerdicts) {
  EXPECT_EQ(
      DescribeCounts({{Judgement::kFake, 2}, {Judgement::kError, 1}, {Judgement::kNoFace, 1}}),
      "4 files: 0 real, 2 fake, 1 without a face, 1 failed\n");
  EXPECT_EQ(DescribeCounts({{Judgement::kFake, 1}}), "1 file: 0 real, 1 fake\n");
  EXPECT_EQ(DescribeCounts({{Judgement::kCannotTell, 1}, {Judgement::kReal, 1}}),
            "2 files: 1 real, 0 fake, 1 cannot tell\n");
}

TEST(VerdictText, WordsAndNumbers) {
  EXPECT_EQ(DescribePercent(0), "0 %");
  EXPECT_EQ(DescribePercent(0.004), "<1 %");
  EXPECT_EQ(DescribePercent(0.994), ">99 %");
  EXPECT_EQ(DescribePercent(0.5), "50 %");
  EXPECT_EQ(DescribeCertainty(0.55, 0.5), "borderline");
  EXPECT_EQ(DescribeCertainty(0.45, 0.5), "borderline");
  EXPECT_EQ(DescribeCertainty(0.3, 0.5), "likely");
  EXPECT_EQ(DescribeCertainty(0.95, 0.5), "very likely");
  EXPECT_EQ(DescribeCertainty(0.86, 0.9), "borderline");
  EXPECT_EQ(DescribeCertainty(1, 1), "very likely");
  EXPECT_EQ(DescribeTime(7.9), "0:07");
  EXPECT_EQ(DescribeTime(3723), "1:02:03");
}

}  // namespace
}  // namespace unmask
