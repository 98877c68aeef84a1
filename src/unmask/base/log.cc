#include "unmask/base/log.h"

#include <mutex>
#include <utility>

namespace unmask {
namespace {

std::mutex mutex;
std::function<void(LogLevel, const std::string&)> current_sink;

}  // namespace

void SetLogSink(std::function<void(LogLevel, const std::string&)> sink) {
  const std::lock_guard<std::mutex> lock(mutex);
  current_sink = std::move(sink);
}

void Log(LogLevel level, const std::string& message) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (current_sink) current_sink(level, message);
}

}  // namespace unmask
