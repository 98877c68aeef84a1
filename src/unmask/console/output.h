#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/base/progress.h"

namespace unmask {

enum class Verbosity { kQuiet, kNormal, kVerbose };

// What goes to standard error: nothing but errors, warnings and progress, or all the library says.
// Call once, before threads start.
void SetVerbosity(Verbosity verbosity);

// Results go to standard output, and nothing else does. Throws Error when it cannot be written
// (a full disk behind a redirection).
void Print(std::string_view text);
void PrintJson(const Json& value);

// "error: …" and "fix: …" on standard error, whatever the verbosity.
void PrintError(const Error& error);

// A remark for a person, on standard error; silent with --quiet.
void PrintNote(const std::string& text);

// MakeConsoleProgress(), silent with --quiet.
std::unique_ptr<Progress> MakeProgress(const std::string& label, const std::string& unit);

}  // namespace unmask
