#include "unmask/detect/recalibrate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "unmask/base/error.h"
#include "unmask/base/random.h"

namespace unmask {
namespace {

double Sigmoid(double margin) { return 1 / (1 + std::exp(-margin)); }

// Labels are drawn from sigmoid(m), the margins are 4 · m, the scores what temperature 2 makes.
std::vector<ScoredFile> TooSteep() {
  Random random(1);
  std::vector<ScoredFile> files(20000);
  for (ScoredFile& file : files) {
    const double m = Normal(random, 0, 2);
    file.label = Chance(random, Sigmoid(m)) ? 1 : 0;
    file.tracks = {{{.score = Sigmoid(2 * m), .margin = 4 * m}}};
  }
  return files;
}

TEST(RecalibrateTest, TheTemperatureIsFoundAndDecisionsStay) {
  std::vector<ScoredFile> files = TooSteep();
  const Recalibration r = Recalibrate({.temperature = 2, .threshold = 0.8}, files);
  EXPECT_NEAR(r.metadata.temperature, 4, 0.15);
  EXPECT_EQ(r.faces, 20000);
  EXPECT_LT(r.log_loss_after, r.log_loss_before);
  std::vector<bool> before, after;
  for (const ScoredFile& file : files) before.push_back(file.tracks[0][0].score >= 0.8);
  ApplyTemperature(r.metadata.temperature, files);
  for (const ScoredFile& file : files) {
    after.push_back(file.tracks[0][0].score >= r.metadata.threshold);
  }
  EXPECT_EQ(before, after);
  EXPECT_NEAR(files[7].tracks[0][0].score,
              Sigmoid(files[7].tracks[0][0].margin / r.metadata.temperature), 1e-12);
  EXPECT_EQ(Recalibrate({.temperature = 2}, files).metadata.threshold, 0.5);
  EXPECT_EQ(Recalibrate({.temperature = 2}, files).metadata.limits.real_below, 1);
  const double moved = Recalibrate({.temperature = 2, .limits = {.real_below = 0.2}}, files)
                           .metadata.limits.real_below;
  EXPECT_GT(moved, 0.3);  // log odds −1.39, halved: 0.33
  EXPECT_LT(moved, 0.36);
}

TEST(RecalibrateTest, WhatCannotBeCalibratedIsRefused) {
  const std::vector<ScoredFile> files = TooSteep();
  EXPECT_THROW(Recalibrate({.output_is_probability = true}, files), Error);
  EXPECT_THROW(Recalibrate({.class_names = {"real", "fake", "other"}}, files), Error);
  std::vector<ScoredFile> real;
  for (const ScoredFile& file : files) {
    if (file.label == 0) real.push_back(file);
  }
  EXPECT_THROW(Recalibrate({}, real), Error);
  EXPECT_THROW(Recalibrate({}, {}), Error);
}

}  // namespace
}  // namespace unmask
