#include "unmask/forge/forgery_mix.h"

#include <gmock/gmock.h>

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

}  // namespace
}  // namespace unmask
