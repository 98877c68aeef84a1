#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace unmask {

// Receives the progress of long work. Implementations are called from one thread at a time.
class Progress {
 public:
  virtual ~Progress() = default;

  // `done` of `total` units; total 0 when it is not known. `note` is a short text such as a file.
  virtual void Update(int64_t done, int64_t total, const std::string& note) = 0;

  // The work is over; clears or ends the line.
  virtual void Finish() = 0;
};

// Progress on standard error: one line that is redrawn on a terminal, a plain line at most every
// `log_seconds` otherwise. `label` says what is being done, `unit` what is counted.
std::unique_ptr<Progress> MakeConsoleProgress(const std::string& label, const std::string& unit,
                                              double log_seconds = 10.0);

}  // namespace unmask
