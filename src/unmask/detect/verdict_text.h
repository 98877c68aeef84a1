#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "unmask/detect/verdict.h"

namespace unmask {

// A verdict as text for a person: one line, then one line per track or face; ends with a line feed.
//
//   clip.mp4: FAKE, very likely (probability of manipulation 96 %; fake from 50 %)
//     track 1   0:00–0:12   32 faces   96 %  fake, very likely
//
//   clip.mp4: CANNOT TELL (probability of manipulation 45 %; fake from 67 %): small faces (38
//   pixels)
std::string DescribeVerdict(const Verdict& verdict);

// How many files were judged how.
using JudgementCounts = std::map<Judgement, int64_t>;

// "4 files: 1 real, 1 fake, 1 cannot tell, 1 without a face"; ends with a line feed.
std::string DescribeCounts(const JudgementCounts& counts);

// "blurred faces", "small faces (38 pixels)", …; with what there is instead, from the evidence.
std::string DescribeDoubt(Doubt doubt, const Evidence& evidence);

// "0 %" … "100 %" without claiming certainty: "<1 %", ">99 %".
std::string DescribePercent(double score);

// How far the score is from the threshold, in words: "borderline", "likely", "very likely".
std::string DescribeCertainty(double score, double threshold);

// "0:07", "1:02:03".
std::string DescribeTime(double seconds);

}  // namespace unmask
