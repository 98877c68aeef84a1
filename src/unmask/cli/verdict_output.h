#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "unmask/detect/verdict.h"

namespace unmask {

// Where the verdicts of a run go.
class VerdictOutput {
 public:
  virtual ~VerdictOutput() = default;

  // How the verdicts that follow come about. Throws UsageError where what is there already came
  // about in another way.
  virtual void Begin(const DetectionSettings& settings) = 0;

  // The verdict on input number `index`, from 0; each once, in any order.
  virtual void Add(size_t index, Verdict verdict) = 0;

  // No more is to come: all inputs are judged, or the run was stopped.
  virtual void Finish() = 0;
  virtual void Stop() {}
};

// Text, in the order of the inputs: to standard output, each verdict as soon as it and those before
// it are there, or to `file` at the end.
std::unique_ptr<VerdictOutput> MakeTextOutput(const std::filesystem::path& file);

// One JSON report, at the end, to standard output or `file`.
std::unique_ptr<VerdictOutput> MakeJsonOutput(const std::filesystem::path& file);

// A report of one file on each line, as soon as it is judged, to standard output or `file`, to
// which lines are added. `done`: receives the names of the files that it already holds a verdict
// on, a failure being none. Throws UsageError where `file` holds something and `resume` is not
// given; Error where it is no such file or cannot be written.
std::unique_ptr<VerdictOutput> MakeJsonLinesOutput(const std::filesystem::path& file, bool resume,
                                                   std::set<std::string>& done);

// Whether `done` holds `file`. Names that are not UTF-8 are replaced in the output and may be those
// of several files: they are never done.
bool IsDone(const std::filesystem::path& file, const std::set<std::string>& done);

}  // namespace unmask
