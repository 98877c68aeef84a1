#include "unmask/base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "unmask/base/text.h"

namespace unmask {
namespace {

using Clock = std::chrono::steady_clock;

std::string FormatSeconds(double seconds) {
  const int64_t s = static_cast<int64_t>(seconds + 0.5);
  char text[32];
  if (s >= 3600) {
    std::snprintf(text, sizeof(text), "%d:%02d:%02d", static_cast<int>(s / 3600),
                  static_cast<int>(s / 60 % 60), static_cast<int>(s % 60));
  } else {
    std::snprintf(text, sizeof(text), "%d:%02d", static_cast<int>(s / 60),
                  static_cast<int>(s % 60));
  }
  return text;
}

class ConsoleProgress : public Progress {
 public:
  ConsoleProgress(std::string label, std::string unit, double log_seconds)
      : label_(std::move(label)),
        unit_(std::move(unit)),
        terminal_(isatty(STDERR_FILENO) != 0),
        interval_(terminal_ ? 0.1 : log_seconds),
        last_(Clock::now()) {}

  ~ConsoleProgress() override { Finish(); }

  void Update(int64_t done, int64_t total, const std::string& note) override {
    const auto now = Clock::now();
    if (!start_) {
      start_ = now;
      done_before_ = done;
    }
    if (std::chrono::duration<double>(now - last_).count() < interval_) return;
    last_ = now;
    const double elapsed = std::chrono::duration<double>(now - *start_).count();
    const auto done_since = static_cast<double>(done - done_before_);
    std::string line = label_ + ": " + std::to_string(done);
    if (total > 0) line += "/" + std::to_string(total);
    line += " " + unit_;
    if (elapsed > 0 && done_since > 0) {
      char rate[48];
      const double each = elapsed / done_since;
      if (each > 10) {
        std::snprintf(rate, sizeof(rate), ", %s each", FormatSeconds(each).c_str());
      } else {
        std::snprintf(rate, sizeof(rate), ", %.1f %s/s", 1 / each, unit_.c_str());
      }
      line += rate;
      if (total > done)
        line += ", " + FormatSeconds(elapsed / done_since * static_cast<double>(total - done)) +
                " left";
    }
    if (!note.empty()) line += "  " + Printable(note);
    if (terminal_) {
      std::fprintf(stderr, "\r\033[K%.*s", 160, line.c_str());
      drawn_ = true;
    } else {
      std::fprintf(stderr, "%s\n", line.c_str());
    }
    std::fflush(stderr);
  }

  void Finish() override {
    if (!drawn_) return;
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
    drawn_ = false;
  }

 private:
  const std::string label_;
  const std::string unit_;
  const bool terminal_;
  const double interval_;
  // The first update: work that was done before, by an earlier run, took none of this one's time.
  std::optional<Clock::time_point> start_;
  int64_t done_before_ = 0;
  Clock::time_point last_;
  bool drawn_ = false;
};

}  // namespace

std::unique_ptr<Progress> MakeConsoleProgress(const std::string& label, const std::string& unit,
                                              double log_seconds) {
  return std::make_unique<ConsoleProgress>(label, unit, log_seconds);
}

}  // namespace unmask
