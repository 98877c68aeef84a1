#include "unmask/explain/layer_maps.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// "error: …" and "fix: …" as programs of ours print them.
std::string LineBehind(const std::string& text, const std::string& mark) {
  const size_t at = text.find(mark);
  if (at == std::string::npos) return "";
  const size_t begin = at + mark.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

// The conversation, all numbers in the machine's byte order: the program says int32 height and
// width of its maps; then, as often as wanted, it is sent int32 count and count crops of RGB bytes,
// and answers with count maps of float32. It ends when the line is closed.
struct LayerMaps::Impl {
  fs::path program;
  TemporaryFolder folder;
  int line = -1;
  pid_t child = -1;
  std::array<int32_t, 2> size = {0, 0};

  ~Impl() {
    if (line >= 0) close(line);
    if (child > 0) Wait();
  }

  fs::path messages() const { return folder.path() / "messages"; }

  int Wait() {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    child = -1;
    return status;
  }

  void Start(std::vector<std::string> arguments) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      throw Error(std::string("cannot talk to another program: ") + std::strerror(errno));
    }
    line = ends[0];
    posix_spawn_file_actions_t streams;
    posix_spawn_file_actions_init(&streams);
    posix_spawn_file_actions_adddup2(&streams, ends[1], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&streams, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&streams, STDERR_FILENO, messages().c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0666);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const int failure =
        posix_spawn(&child, program.c_str(), &streams, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&streams);
    close(ends[1]);
    if (failure != 0) {
      child = -1;
      throw Error(
          "cannot run the training program " + program.string() + ": " + std::strerror(failure),
          "Maps of other layers need it: build with -DUNMASK_TRAINING=ON, or leave out the "
          "layer");
    }
  }

  // What the program said before it ended.
  [[noreturn]] void Fail() {
    const std::string fix = "Give the command again; maps of the last layer do without it";
    if (child <= 0) throw Error("the training program that makes the maps has ended", fix);
    const int status = Wait();
    std::ifstream stream(messages());
    const std::string said{std::istreambuf_iterator<char>(stream), {}};
    std::string problem = LineBehind(said, "error: ");
    std::string remedy = LineBehind(said, "fix: ");
    if (problem.empty()) {
      problem = "the training program that makes the maps " +
                (WIFSIGNALED(status) ? "was killed by signal " + std::to_string(WTERMSIG(status))
                                     : "ended with code " + std::to_string(WEXITSTATUS(status))) +
                (said.empty() ? "" : "; it said: " + said);
      remedy = fix;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2) throw UsageError(problem, remedy);
    throw Error(problem, remedy);
  }

  void Send(const void* data, size_t bytes) {
    const auto* next = static_cast<const char*>(data);
    while (bytes > 0) {
      const ssize_t sent = send(line, next, bytes, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) Fail();
      next += sent;
      bytes -= static_cast<size_t>(sent);
    }
  }

  void Receive(void* data, size_t bytes) {
    auto* next = static_cast<char*>(data);
    while (bytes > 0) {
      const ssize_t got = recv(line, next, bytes, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) Fail();
      next += got;
      bytes -= static_cast<size_t>(got);
    }
  }
};

LayerMaps::LayerMaps(const Classifier& classifier, const MapOptions& options)
    : impl_(std::make_unique<Impl>()) {
  impl_->program = options.training_program;
  impl_->Start({options.training_program.string(), "--layer-maps", classifier.path().string(),
                options.layer, std::string(NameOf(options.method)),
                std::string(NameOf(options.target))});
  impl_->Receive(impl_->size.data(), sizeof(impl_->size));
}

LayerMaps::~LayerMaps() = default;

std::vector<HeatMap> LayerMaps::Maps(const Classifier&, std::span<const Image* const> crops) {
  const auto count = static_cast<int32_t>(crops.size());
  impl_->Send(&count, sizeof(count));
  for (const Image* crop : crops) impl_->Send(crop->data.data(), crop->data.size());
  const auto [height, width] = impl_->size;
  std::vector<HeatMap> maps;
  for (size_t i = 0; i < crops.size(); ++i) {
    HeatMap& map = maps.emplace_back(
        HeatMap{width, height, std::vector<float>(static_cast<size_t>(width) * height)});
    impl_->Receive(map.values.data(), map.values.size() * sizeof(float));
  }
  return maps;
}

}  // namespace unmask
