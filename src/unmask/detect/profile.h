#pragma once

#include <cstdint>
#include <string>

#include "unmask/detect/verdict.h"

namespace unmask {

// Where the time of judging went, over any number of files.
struct Profile {
  int jobs = 1;       // files side by side
  int threads = 1;    // of a job
  double load = 0;    // seconds until the networks of the first job were ready
  double passed = 0;  // seconds until all files were judged, loading included

  // Sums over the files that could be judged.
  int64_t files = 0;
  int64_t frames = 0;
  int64_t frames_searched = 0;
  int64_t faces = 0;  // that were judged
  StageTimes times;

  void Add(const Verdict& verdict);
};

// A table for people.
std::string DescribeProfile(const Profile& profile);

}  // namespace unmask
