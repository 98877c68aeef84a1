#include "unmask/forge/fine_detail.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

namespace unmask {
namespace {

// A step between two greys, `height` levels high, and noise.
cv::Mat Picture(int type) {
  cv::Mat picture(96, 96, CV_8UC3);
  cv::theRNG().state = 5;
  cv::randu(picture, 96, 160);
  picture.colRange(48, 96) += cv::Scalar::all(60);
  picture.convertTo(picture, type);
  return picture;
}

TEST(FineDetail, IsTheMeanLaplacian) {
  cv::Mat dot(5, 5, CV_8UC3, cv::Scalar::all(0));
  dot.at<cv::Vec3b>(2, 2) = {100, 100, 100};
  EXPECT_DOUBLE_EQ(FineDetail(dot), 8 * 100 / 25.0);  // −4 amid four neighbours of 1
  cv::Mat floats;
  dot.convertTo(floats, CV_32FC3);
  EXPECT_NEAR(FineDetail(floats), 32, 1e-4);
}

TEST(FineDetail, IsTakenAwayAndGivenToMeasure) {
  const cv::Rect part(20, 10, 50, 60);
  for (const int type : {CV_8UC3, CV_32FC3}) {
    const cv::Mat picture = Picture(type);
    const double before = FineDetail(picture(part));
    for (const double share : {0.2, 0.5, 0.8}) {
      cv::Mat soft = picture.clone();
      SoftenTo(share * before, part, soft);
      EXPECT_LE(FineDetail(soft(part)), share * before * 1.02);
      EXPECT_GE(FineDetail(soft(part)), share * before * 0.7);
      EXPECT_NEAR(cv::mean(soft)[0], cv::mean(picture)[0], 0.5);
    }
    for (const double share : {1.2, 1.5}) {
      cv::Mat sharp = picture.clone();
      SharpenTo(share * before, part, sharp);
      EXPECT_GE(FineDetail(sharp(part)), share * before * 0.98);
      EXPECT_LE(FineDetail(sharp(part)), share * before * 1.3);
      EXPECT_NEAR(cv::mean(sharp)[0], cv::mean(picture)[0], 0.5);
    }
  }
}

TEST(FineDetail, WhatIsSoftOrSharpEnoughStaysAsItIs) {
  const cv::Mat picture = Picture(CV_8UC3);
  const cv::Rect whole({0, 0}, picture.size());
  cv::Mat same = picture.clone();
  SoftenTo(FineDetail(picture) + 1, whole, same);
  SharpenTo(FineDetail(picture) - 1, whole, same);
  EXPECT_EQ(cv::norm(same, picture, cv::NORM_INF), 0);
}

}  // namespace
}  // namespace unmask
