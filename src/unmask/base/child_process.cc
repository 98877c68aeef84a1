#include "unmask/base/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "unmask/base/error.h"

namespace unmask {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kUnknown = 255 << 8;  // as if it had exited with 255

// Between fork and exec nothing may allocate: other threads may hold the locks of the allocator.
[[noreturn]] void BecomeProgram(char* const* arguments, int log, int trouble, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() == parent) {
    const int nothing = open("/dev/null", O_RDONLY);
    if (nothing >= 0 && dup2(nothing, 0) >= 0 && dup2(log, 1) >= 0 && dup2(log, 2) >= 0) {
      signal(SIGINT, SIG_DFL);
      signal(SIGTERM, SIG_DFL);
      execv(arguments[0], arguments);
    }
    const int cause = errno;
    if (write(trouble, &cause, sizeof cause) < 0) _exit(126);
  }
  _exit(127);
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> arguments, const std::filesystem::path& log) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const int file = log.empty() ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
                               : open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) throw Error(log.string() + ": cannot be written: " + std::strerror(errno));
  int trouble[2];  // closed by a successful exec
  if (pipe2(trouble, O_CLOEXEC) != 0) {
    close(file);
    throw Error("cannot start " + arguments[0] + ": " + std::strerror(errno));
  }
  const pid_t parent = getpid();
  pid_ = fork();
  int cause = pid_ < 0 ? errno : 0;
  if (pid_ == 0) BecomeProgram(pointers.data(), file, trouble[1], parent);
  close(trouble[1]);
  close(file);
  if (pid_ > 0 && read(trouble[0], &cause, sizeof cause) > 0) waitpid(pid_, nullptr, 0);
  close(trouble[0]);
  if (cause != 0) throw Error("cannot start " + arguments[0] + ": " + std::strerror(cause));
}

ChildProcess::~ChildProcess() {
  if (status_) return;
  Interrupt();
  if (WaitFor(10000)) return;
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool ChildProcess::WaitFor(int milliseconds) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(milliseconds);
  while (!status_) {
    int status = 0;
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) {
      status_ = status;
    } else if (ended < 0 && errno == ECHILD) {
      status_ = kUnknown;  // this program ignores how its children end
    } else if (Clock::now() >= deadline) {
      return false;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(std::min(20, milliseconds)));
    }
  }
  return true;
}

void ChildProcess::Interrupt() {
  if (!status_) kill(pid_, SIGINT);
}

bool ChildProcess::Succeeded() const { return status_ == 0; }

std::string ChildProcess::HowItEnded() const {
  const int status = status_.value_or(0);
  if (!WIFSIGNALED(status)) return "ended with code " + std::to_string(WEXITSTATUS(status));
  return "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
         strsignal(WTERMSIG(status)) + ")";
}

}  // namespace unmask
