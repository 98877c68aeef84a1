#include "unmask/forge/forgery_mix.h"

#include <gmock/gmock.h>

#include <map>
#include <string_view>

#include "unmask/base/error.h"
#include "unmask/forge/autoencoders.h"
#include "unmask/forge/test_autoencoders.h"

namespace unmask {
namespace {

using testing::HasSubstr;

std::string Refusal(const std::string& text) {
  try {
    const ForgeryMix mix(text);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "";
}

TEST(ForgeryMixTest, WhatIsNoMixIsRefusedWithAHint) {
  EXPECT_THAT(Refusal("self-blnd"), HasSubstr("'self-blend'"));
  EXPECT_THAT(Refusal("self-blend=1,self-blend=2"), HasSubstr("twice"));
  for (const char* weight : {"0", "-1", "", "x", "1x", "nan", "inf", "1e300", "1e-300"}) {
    EXPECT_THAT(Refusal(std::string("self-blend=") + weight), HasSubstr("weight")) << weight;
  }
  EXPECT_THAT(Refusal(""), HasSubstr("no forgery"));
  EXPECT_THAT(Refusal("self-blend,"), HasSubstr("unknown forgery ''"));
  EXPECT_THAT(Refusal("self-blend=1=2"), HasSubstr("weight"));
}

TEST(ForgeryMixTest, WhatNeedsAnotherPersonCanBeLeftOut) {
  EXPECT_EQ(
      ForgeryMix(ForgeryMix("self-blend=4,cross-blend=2,warp=1").WithoutOtherFaces()).ToText(),
      ForgeryMix("self-blend=4,warp=1").ToText());
  EXPECT_EQ(ForgeryMix("cross-blend,warp").WithoutOtherFaces(), "warp");
  EXPECT_EQ(ForgeryMix("cross-blend").WithoutOtherFaces(), "");
}

TEST(ForgeryMixTest, ASingleForgeryHasItsNameAlone) {
  for (const char* text : {"self-blend", "self-blend=1", " self-blend = 7.5 "}) {
    EXPECT_EQ(ForgeryMix(text).ToText(), "self-blend") << text;
  }
}

TEST(ForgeryMixTest, MeansAreThoseOfItsForgeries) {
  EXPECT_EQ(ForgeryMix("self-blend").Means(), "");
  UseTestAutoencoders();
  EXPECT_EQ(ForgeryMix("self-blend,reconstruct").Means(),
            "reconstruct: " + Autoencoders::Installed().fingerprint());
}

TEST(ForgeryMixTest, EqualMixesHaveEqualTexts) {
  const std::string text = ForgeryMix("self-blend=4,cross-blend=2,warp").ToText();
  EXPECT_EQ(text, "self-blend=0.571429,cross-blend=0.285714,warp=0.142857");
  for (const char* same :
       {"warp,cross-blend=2,self-blend=4", "self-blend=0.4,cross-blend=.2,warp=0.1",
        "self-blend = 8, cross-blend = 4, warp = 2"}) {
    EXPECT_EQ(ForgeryMix(same).ToText(), text) << same;
  }
  EXPECT_EQ(ForgeryMix(text).ToText(), text);
  EXPECT_NE(ForgeryMix("self-blend=4,cross-blend=2,warp=2").ToText(), text);
}

TEST(ForgeryMixTest, ForgeriesAreDrawnAsOftenAsTheirWeightsSay) {
  const ForgeryMix mix("warp=1,self-blend=3"), scaled("self-blend=0.3,warp=0.1");
  Random random(1), same(1);
  std::map<std::string_view, int> counts;
  for (int i = 0; i < 4000; ++i) {
    const Forgery& forgery = mix.Draw(random);
    ++counts[forgery.name];
    EXPECT_EQ(scaled.Draw(same).name, forgery.name);
  }
  EXPECT_EQ(counts.size(), 2u);
  EXPECT_NEAR(counts["self-blend"], 3000, 120);
}

TEST(ForgeryMixTest, KnowsWhetherAnotherFaceIsNeeded) {
  EXPECT_FALSE(ForgeryMix("self-blend,warp").needs_other_face());
  EXPECT_TRUE(ForgeryMix("self-blend,cross-blend=0.01").needs_other_face());
}

}  // namespace
}  // namespace unmask
