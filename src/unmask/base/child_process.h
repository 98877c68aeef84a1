#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace unmask {

// Another program that runs beside this one and ends with it, however this one ends (it then gets
// SIGTERM). It has a process group of its own: Ctrl-C on the terminal reaches this program alone,
// which calls Interrupt(). Must be waited for by the thread that started it, which must live on.
class ChildProcess {
 public:
  // `arguments`: the program's path first. What it says on standard output and standard error is
  // appended to the file `log`; without a name it goes to this program's standard error. Throws
  // Error when it cannot be started.
  explicit ChildProcess(std::vector<std::string> arguments, const std::filesystem::path& log = {});
  // Interrupts it and gives it ten seconds to end by itself, then ends it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // True when it has ended, which is waited for at most so many milliseconds.
  bool WaitFor(int milliseconds);

  // As Ctrl-C would.
  void Interrupt();

  // After WaitFor() returned true: whether it ended with code 0, and in words how it ended:
  // "ended with code 1", "was killed by signal 9 (Killed)".
  bool Succeeded() const;
  std::string HowItEnded() const;

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

}  // namespace unmask
