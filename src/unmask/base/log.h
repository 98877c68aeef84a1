#pragma once

#include <functional>
#include <string>

namespace unmask {

enum class LogLevel { kDebug, kInfo, kWarning };

// Messages of the library go to this sink. There is none by default: the library never prints.
// Set it once, before threads start. A null sink silences the library again.
void SetLogSink(std::function<void(LogLevel, const std::string&)> sink);

// Thread-safe; a sink is called by one thread at a time.
void Log(LogLevel level, const std::string& message);

}  // namespace unmask
