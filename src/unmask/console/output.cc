#include "unmask/console/output.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "unmask/base/log.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

Verbosity current = Verbosity::kNormal;

class SilentProgress : public Progress {
 public:
  void Update(int64_t, int64_t, const std::string&) override {}
  void Finish() override {}
};

// A line of progress may stand on the terminal: wipe it before writing something else.
const char* LineStart() { return isatty(STDERR_FILENO) != 0 ? "\r\033[K" : ""; }

void WriteLine(const char* label, const std::string& text) {
  std::fprintf(stderr, "%s%s%s\n", LineStart(), label, Printable(text).c_str());
}

}  // namespace

void SetVerbosity(Verbosity verbosity) {
  current = verbosity;
  if (verbosity == Verbosity::kQuiet) {
    SetLogSink(nullptr);
    return;
  }
  auto logger = std::make_shared<spdlog::logger>(
      "unmask", std::make_shared<spdlog::sinks::stderr_color_sink_st>());
  logger->set_pattern(std::string(LineStart()) + "%^%l%$: %v");
  logger->set_level(verbosity == Verbosity::kVerbose ? spdlog::level::debug : spdlog::level::warn);
  SetLogSink([logger](LogLevel level, const std::string& message) {
    logger->log(level == LogLevel::kDebug  ? spdlog::level::debug
                : level == LogLevel::kInfo ? spdlog::level::info
                                           : spdlog::level::warn,
                message);
  });
}

void Print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) {
    throw Error("cannot write to standard output: " + std::string(std::strerror(errno)),
                "Check the free space where it is redirected to");
  }
}

void PrintJson(const Json& value) { Print(FormatJson(value) + "\n"); }

void PrintError(const Error& error) {
  WriteLine("error: ", error.problem());
  if (!error.remedy().empty()) std::fprintf(stderr, "fix: %s\n", Printable(error.remedy()).c_str());
}

void PrintNote(const std::string& text) {
  if (current != Verbosity::kQuiet) WriteLine("", text);
}

std::unique_ptr<Progress> MakeProgress(const std::string& label, const std::string& unit) {
  if (current == Verbosity::kQuiet) return std::make_unique<SilentProgress>();
  return MakeConsoleProgress(label, unit);
}

}  // namespace unmask
