#include "unmask/train/local_processes.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "unmask/base/error.h"

extern char** environ;

namespace unmask {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kParent = "UNMASK_TRAIN_PARENT";  // its process id
constexpr const char* kReplaced[] = {"RANK=",
                                     "WORLD_SIZE=",
                                     "LOCAL_RANK=",
                                     "MASTER_ADDR=",
                                     "LOCAL_WORLD_SIZE=",
                                     "MASTER_PORT=",
                                     "TORCHELASTIC_USE_AGENT_STORE=",
                                     "UNMASK_TRAIN_PARENT="};

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(int rank, int count, int port) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (std::none_of(std::begin(kReplaced), std::end(kReplaced),
                     [&](const char* name) { return text.starts_with(name); })) {
      result.emplace_back(text);
    }
  }
  for (const char* name : {"RANK=", "LOCAL_RANK="}) result.push_back(name + std::to_string(rank));
  for (const char* name : {"WORLD_SIZE=", "LOCAL_WORLD_SIZE="}) {
    result.push_back(name + std::to_string(count));
  }
  result.push_back("MASTER_ADDR=127.0.0.1");
  result.push_back("MASTER_PORT=" + std::to_string(port));
  result.push_back(std::string(kParent) + "=" + std::to_string(getpid()));
  return result;
}

}  // namespace

struct LocalProcesses::Impl {
  struct Child {
    pid_t pid = -1;
    int messages = -1;  // a file in memory: its standard error
    std::optional<int> status;
  };
  std::vector<std::string> arguments;
  std::vector<Child> children;  // of rank 1 …
  std::mutex mutex;

  // Looks whether it has ended.
  static bool Ended(Child& child) {
    int status = 0;
    if (!child.status && waitpid(child.pid, &status, WNOHANG) == child.pid) child.status = status;
    return child.status.has_value();
  }

  static std::string LastMessage(const Child& child) {
    constexpr off_t kMost = 2000;
    const off_t size = lseek(child.messages, 0, SEEK_END);
    std::string text(static_cast<size_t>(std::clamp<off_t>(size, 0, kMost)), '\0');
    const ssize_t count =
        pread(child.messages, text.data(), text.size(), std::max<off_t>(0, size - kMost));
    text.resize(static_cast<size_t>(std::max<ssize_t>(0, count)));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

  static std::string Describe(const Child& child) {
    const int status = child.status.value_or(0);
    std::string text = "ended with code " + std::to_string(WEXITSTATUS(status));
    if (WIFSIGNALED(status)) {
      text = "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
             strsignal(WTERMSIG(status)) + ")";
    }
    const std::string said = LastMessage(child);
    return said.empty() ? text : text + "; it said: " + said;
  }

  bool AllEnded() {
    bool all = true;
    for (Child& child : children) all &= Ended(child);
    return all;
  }
};

LocalProcesses::LocalProcesses(std::vector<std::string> arguments)
    : impl_(std::make_unique<Impl>()) {
  impl_->arguments = std::move(arguments);
}

LocalProcesses::~LocalProcesses() {
  const std::lock_guard lock(impl_->mutex);
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  while (!impl_->AllEnded() && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  for (Impl::Child& child : impl_->children) {
    if (!child.status) {
      kill(child.pid, SIGKILL);
      waitpid(child.pid, nullptr, 0);
    }
    close(child.messages);
  }
}

void LocalProcesses::Start(int count, int port) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::vector<char*> arguments = Pointers(impl_->arguments);
  for (int rank = 1; rank < count; ++rank) {
    std::vector<std::string> texts = Environment(rank, count, port);
    Impl::Child child;
    child.messages = memfd_create("messages", MFD_CLOEXEC);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, child.messages, STDERR_FILENO);
    const int error = posix_spawn(&child.pid, program.c_str(), &files, nullptr, arguments.data(),
                                  Pointers(texts).data());
    posix_spawn_file_actions_destroy(&files);
    if (error != 0 || child.messages < 0) {
      if (child.messages >= 0) close(child.messages);
      throw Error("cannot start process " + std::to_string(rank) + ": " + std::strerror(error),
                  "Give fewer --processes");
    }
    const std::lock_guard lock(impl_->mutex);
    impl_->children.push_back(child);
  }
}

void LocalProcesses::Check() {
  const std::lock_guard lock(impl_->mutex);
  for (size_t i = 0; i < impl_->children.size(); ++i) {
    Impl::Child& child = impl_->children[i];
    if (Impl::Ended(child)) {
      throw Error("process " + std::to_string(i + 1) + " " + Impl::Describe(child));
    }
  }
}

std::string LocalProcesses::HowItEnded(int rank) {
  const std::lock_guard lock(impl_->mutex);
  if (rank < 1 || rank > static_cast<int>(impl_->children.size())) return "";
  Impl::Child& child = impl_->children[static_cast<size_t>(rank - 1)];
  for (int i = 0; i < 100 && !Impl::Ended(child); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return child.status ? Impl::Describe(child) : "";
}

bool FollowLocalParent() {
  const char* parent = std::getenv(kParent);
  if (parent == nullptr) return false;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (std::to_string(getppid()) != parent) _exit(1);  // it has ended already
  return true;
}

}  // namespace unmask
