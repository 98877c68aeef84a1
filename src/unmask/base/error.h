#pragma once

#include <stdexcept>
#include <string>

namespace unmask {

// The one exception type of the library: what happened, and how to mend it.
//
// `problem` names the file or the value concerned and the cause; `remedy` says what the user can do
// and may be empty where nothing sensible can be advised. what() joins the two.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& problem, const std::string& remedy = "");

  const std::string& problem() const { return problem_; }
  const std::string& remedy() const { return remedy_; }

 private:
  std::string problem_;
  std::string remedy_;
};

// A wrong command line or option value: the program exits with 2 instead of 1.
class UsageError : public Error {
 public:
  using Error::Error;
};

// The machine lacks something at the moment, such as threads: no fault of the input, which may be
// tried again.
class ResourceError : public Error {
 public:
  using Error::Error;
};

// The user pressed Ctrl-C, or the caller asked to stop. Not a failure of the input.
class Cancelled : public Error {
 public:
  Cancelled() : Error("stopped on request") {}
};

}  // namespace unmask
