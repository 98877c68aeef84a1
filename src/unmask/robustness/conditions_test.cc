#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <set>

#include "unmask/base/error.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/media/scale.h"
#include "unmask/robustness/condition.h"
#include "unmask/robustness/head_turn.h"
#include "unmask/robustness/scene.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

const fs::path kSamples = fs::path(UNMASK_DEPS_DIR) / "samples";

const std::shared_ptr<FaceNetworks>& Networks() {
  static const auto networks = LoadFaceNetworks({.threads = 1});
  return networks;
}

const Excerpt& Video() {
  static const Excerpt excerpt = ReadExcerpt(kSamples / "franck.mp4", {.seconds = 0.5}, Networks());
  return excerpt;
}

// A portrait, small enough for a quick test.
const Excerpt& Picture() {
  static const Excerpt excerpt = [] {
    Excerpt portrait = ReadExcerpt(kSamples / "suit.jpg", {}, Networks());
    FrameSequence& frames = portrait.frames;
    const double factor = 320 / portrait.face_size;
    frames.images[0] = Scaled(frames.images[0], std::lround(frames.images[0].width * factor),
                              std::lround(frames.images[0].height * factor));
    const auto source = OpenFrames(frames);
    portrait.faces = FindFacesByFrame(*source, Networks());
    portrait.face_size = 320;
    portrait.main_track = portrait.faces.begin()->second[0].track;
    return portrait;
  }();
  return excerpt;
}

// Mean difference of the values of the first frames, compared at the size of `before`.
double Change(const FrameSequence& before, const FrameSequence& after) {
  const Image& a = before.images.front();
  const Image b = Scaled(after.images.front(), a.width, a.height);
  double sum = 0;
  for (size_t i = 0; i < a.data.size(); ++i) sum += std::abs(a.data[i] - b.data[i]);
  return sum / static_cast<double>(a.data.size());
}

TEST(ConditionsTest, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const Condition& condition : Conditions()) {
    EXPECT_TRUE(names.insert(condition.name).second);
    EXPECT_EQ(&FindCondition(condition.name), &condition);
    EXPECT_FALSE(condition.levels.empty());
    EXPECT_EQ(condition.kind == ConditionKind::kFrames, condition.apply != nullptr);
  }
  EXPECT_THROW(FindCondition("jepg"), UsageError);
}

class EachCondition : public testing::TestWithParam<const Condition*> {};

TEST_P(EachCondition, IsTheSameEveryTimeAndGrowsWithTheLevel) {
  const Condition& condition = *GetParam();
  for (const Excerpt* excerpt : {&Picture(), &Video()}) {
    double last = 0;
    int levels = 0;
    for (const double level : condition.levels) {
      if (condition.obstacle != nullptr && !condition.obstacle(*excerpt, level).empty()) continue;
      const FrameSequence after = condition.apply(*excerpt, level, 7);
      after.Validate();
      EXPECT_EQ(after.is_picture, excerpt->frames.is_picture);
      if (++levels == 1) {
        const FrameSequence again = condition.apply(*excerpt, level, 7);
        EXPECT_EQ(again.images.back().data, after.images.back().data);
      }
      if (condition.name == "frame-rate") continue;  // has its own test
      const double change = Change(excerpt->frames, after);
      EXPECT_GT(change, last) << "at level " << level;
      last = change;
      EXPECT_EQ(after.images.size(), excerpt->frames.images.size());
      EXPECT_EQ(after.times, excerpt->frames.times);
      if (condition.name != "face-size" && condition.name != "social") {
        EXPECT_EQ(after.images.front().width, excerpt->frames.images.front().width);
        EXPECT_EQ(after.images.front().height, excerpt->frames.images.front().height);
      }
    }
    EXPECT_GT(levels + (condition.name == "frame-rate"), 0);
  }
}

std::vector<const Condition*> ConditionsOfFrames() {
  std::vector<const Condition*> chosen;
  for (const Condition& condition : Conditions()) {
    if (condition.apply != nullptr) chosen.push_back(&condition);
  }
  return chosen;
}

INSTANTIATE_TEST_SUITE_P(Table, EachCondition, testing::ValuesIn(ConditionsOfFrames()),
                         [](const auto& row) {
                           std::string name(row.param->name);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ConditionsTest, FaceSizeIsThatOfTheScaledFace) {
  const FrameSequence small = FindCondition("face-size").apply(Picture(), 100, 1);
  const auto source = OpenFrames(small);
  const FacesByFrame faces = FindFacesByFrame(*source, Networks());
  ASSERT_EQ(faces.size(), 1u);
  EXPECT_NEAR(FaceSize(faces.at(0)[0].mesh), 100, 6);
  EXPECT_NE(FindCondition("face-size").obstacle(Video(), 300), "");
  EXPECT_EQ(FindCondition("face-size").obstacle(Picture(), 300), "");
}

TEST(ConditionsTest, FrameRateKeepsFramesAndTheirTimes) {
  const Condition& condition = FindCondition("frame-rate");
  EXPECT_NE(condition.obstacle(Picture(), 5), "");
  const FrameSequence slow = condition.apply(Video(), 10, 1);
  ASSERT_GE(slow.times.size(), 4u);
  for (size_t i = 0; i < slow.times.size(); ++i) {
    EXPECT_NEAR(slow.times[i], static_cast<double>(i) / 10, 1 / Video().frames.frames_per_second);
  }
  EXPECT_EQ(slow.images[0].data, Video().frames.images[0].data);
}

// Whether a pixel lies in the box around a face, wider by `margin` times its size.
bool IsAtFace(const std::vector<TrackedFace>& faces, double margin, int x, int y) {
  return std::any_of(faces.begin(), faces.end(), [&](const TrackedFace& face) {
    Box box{face.mesh[0].x, face.mesh[0].y, face.mesh[0].x, face.mesh[0].y};
    for (const Point& p : face.mesh) {
      box = {std::min(box.x0, p.x), std::min(box.y0, p.y), std::max(box.x1, p.x),
             std::max(box.y1, p.y)};
    }
    const double wider = margin * std::max(box.width(), box.height()) + 0.5;
    return x + 0.5 >= box.x0 - wider && x + 0.5 <= box.x1 + wider && y + 0.5 >= box.y0 - wider &&
           y + 0.5 <= box.y1 + wider;
  });
}

TEST(ConditionsTest, WhatIsDoneToFacesStaysThere) {
  const Image& before = Picture().frames.images[0];
  for (const auto& [name, margin] :
       {std::pair{"beauty", 0.25}, std::pair{"glasses", 0.25}, std::pair{"occlusion", 0.5}}) {
    const Condition& condition = FindCondition(name);
    const Image after = condition.apply(Picture(), condition.levels.back(), 3).images[0];
    int64_t outside = 0, changed_outside = 0, changed_inside = 0;
    for (int y = 0; y < before.height; ++y) {
      for (int x = 0; x < before.width; ++x) {
        const bool changed = !std::equal(before.row(y) + static_cast<std::ptrdiff_t>(3) * x,
                                         before.row(y) + static_cast<std::ptrdiff_t>(3) * (x + 1),
                                         after.row(y) + static_cast<std::ptrdiff_t>(3) * x);
        const bool inside = IsAtFace(Picture().faces.at(0), margin, x, y);
        outside += !inside;
        changed_outside += changed && !inside;
        changed_inside += changed && inside;
      }
    }
    EXPECT_EQ(changed_outside, 0) << name;
    EXPECT_GT(changed_inside, 2000) << name;
    EXPECT_GT(outside, 2000) << name;  // there is something to compare
  }
}

TEST(ExcerptTest, IsTheMiddleOfAVideo) {
  const auto source = OpenMedia(kSamples / "franck.mp4");
  const double begin = (source->info().duration - 0.5) / 2;
  while (source->Grab() && source->time() < begin - 1e-6) {
  }
  EXPECT_EQ(source->Retrieve().data, Video().frames.images[0].data);
  EXPECT_EQ(Video().frames.images.size(),
            static_cast<size_t>(std::lround(0.5 * source->info().frames_per_second)));
  EXPECT_GT(Video().face_size, 60);
  EXPECT_EQ(MainFaces(Video()).size(), Video().frames.images.size());
}

TEST(ExcerptTest, IsForgedInTheFaceOnly) {
  const Excerpt fake = Forged(Picture(), FrameForger("self-blend", 1));
  EXPECT_NE(fake.frames.images[0].data, Picture().frames.images[0].data);
  const Image& image = Picture().frames.images[0];
  EXPECT_TRUE(std::equal(image.data.begin(),
                         image.data.begin() + static_cast<std::ptrdiff_t>(image.row_bytes()),
                         fake.frames.images[0].data.begin()));
}

// The canonical mesh with the nose in front of the cheeks, turned about the vertical axis.
TEST(HeadTurnTest, OfATurnedHead) {
  for (const double degrees : {0.0, 20.0, -45.0, 60.0}) {
    const double angle = degrees * std::numbers::pi / 180;
    std::vector<Point> mesh(kMeshSize);
    const auto put = [&](int index, double x, double y, double z) {
      // Turned, then rolled by 10 degrees, at 100 pixels a unit.
      const double roll = std::numbers::pi / 18;
      const double seen = x * std::cos(angle) + z * std::sin(angle);
      mesh[static_cast<size_t>(index)] = {
          static_cast<float>(100 * (seen * std::cos(roll) - y * std::sin(roll)) + 300),
          static_cast<float>(100 * (seen * std::sin(roll) + y * std::cos(roll)) + 200)};
    };
    put(234, -1, 0, 0);
    put(454, 1, 0, 0);
    put(4, 0, 0.1, 1.31);
    EXPECT_NEAR(HeadTurn(mesh), std::fabs(degrees), 0.1);
  }
}

TEST(SceneTest, PeopleAreFoundInTheirSquares) {
  const std::array<const Excerpt*, 3> people = {&Video(), &Video(), &Video()};
  const FrameSequence scene = PutBesideEachOther(people);
  EXPECT_EQ(scene.images[0].width, 2 * kSceneTile);
  EXPECT_EQ(scene.images[0].height, 2 * kSceneTile);
  const auto source = OpenFrames(scene);
  const FacesByFrame faces = FindFacesByFrame(*source, Networks());
  EXPECT_EQ(faces.at(0).size(), 3u);

  Verdict verdict;
  const auto add = [&](float x, float y, double score) {
    TrackResult track;
    track.score = score;
    track.places.push_back({0, 0, Box{x - 10, y - 10, x + 10, y + 10}});
    verdict.tracks.push_back(track);
  };
  add(160, 160, 0.2);
  add(150, 180, 0.7);
  add(200, 500, 0.4);
  EXPECT_THAT(ScoresOfPeople(verdict, 3),
              ElementsAre(0.7, testing::NanSensitiveDoubleEq(std::nan("")), 0.4));
}

TEST(SceneTest, ClipsOfDifferentFrameRatesRunSideBySide) {
  Excerpt fast = Video();  // twice as fast as the other, whose second half is grey
  Excerpt slow = Video();
  ASSERT_GE(slow.frames.images.size(), 4u);
  slow.frames.images.resize(4);
  slow.frames.times = {1, 1.5, 2, 2.5};
  slow.frames.frames_per_second = 2;
  for (size_t i = 2; i < 4; ++i) {
    std::fill(slow.frames.images[i].data.begin(), slow.frames.images[i].data.end(), 128);
  }
  fast.frames.images.assign(8, fast.frames.images[0]);
  fast.frames.times = {0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75};
  fast.frames.frames_per_second = 4;
  const std::array<const Excerpt*, 2> people = {&fast, &slow};
  const FrameSequence scene = PutBesideEachOther(people);
  ASSERT_EQ(scene.images.size(), 8u);
  const auto second_is_grey = [&](size_t i) {
    const Image& image = scene.images[i];
    return image.data[3 * (static_cast<size_t>(10) * image.width + kSceneTile + 10)] == 128 &&
           image.data[3 * (static_cast<size_t>(300) * image.width + kSceneTile + 300)] == 128;
  };
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(second_is_grey(i), i >= 4) << i;
  const std::array<const Excerpt*, 2> other_way = {&slow, &fast};
  EXPECT_EQ(PutBesideEachOther(other_way).images.size(), 4u);
}

}  // namespace
}  // namespace unmask
