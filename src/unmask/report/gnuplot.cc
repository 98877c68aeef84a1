#include "unmask/report/gnuplot.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// Redirections of a child's standard streams, opened by the child.
class Redirections {
 public:
  Redirections() { posix_spawn_file_actions_init(&actions_); }
  ~Redirections() { posix_spawn_file_actions_destroy(&actions_); }
  Redirections(const Redirections&) = delete;
  Redirections& operator=(const Redirections&) = delete;

  void Add(int descriptor, const fs::path& path, int flags) {
    posix_spawn_file_actions_addopen(&actions_, descriptor, path.c_str(), flags, 0666);
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// Runs the program and waits; returns what waitpid() says of it.
int Run(const Redirections& streams) {
  std::string program = FindGnuplot(), plain = "--default-settings";  // no ~/.gnuplot
  char* arguments[] = {program.data(), plain.data(), nullptr};
  pid_t child = 0;
  const int failure =
      posix_spawn(&child, program.c_str(), streams.get(), nullptr, arguments, environ);
  if (failure != 0) throw Error(std::string("cannot run gnuplot: ") + std::strerror(failure));
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw Error(std::string("cannot wait for gnuplot: ") + strerror(errno));
  }
  return status;
}

// Whether a picture was written to its end. gnuplot does not notice a full disk.
bool IsWhole(const fs::path& picture) {
  std::ifstream stream(picture, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  const std::string end = bytes.substr(bytes.size() - std::min<size_t>(bytes.size(), 16));
  return end.find("IEND") != std::string::npos || end.find("</svg>") != std::string::npos;
}

// The length of the UTF-8 sequence that begins at `i`; 0 where there is none.
size_t SequenceLength(std::string_view text, size_t i) {
  const auto lead = static_cast<unsigned char>(text[i]);
  const size_t length = lead < 0x80                   ? 1
                        : lead >= 0xc2 && lead < 0xe0 ? 2
                        : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                                                      : 0;
  if (length == 0 || i + length > text.size()) return 0;
  for (size_t k = 1; k < length; ++k) {
    if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

fs::path FindGnuplot() {
  const char* path = getenv("PATH");
  for (const std::string& folder : Split(path == nullptr ? "" : path, ':')) {
    const fs::path program = fs::path(folder) / "gnuplot";
    std::error_code ignored;
    if (fs::is_regular_file(program, ignored) && access(program.c_str(), X_OK) == 0) return program;
  }
  throw Error("plots are drawn by gnuplot, which is not installed",
              "Install it (`apt install gnuplot-nox`), or do without plots");
}

void RunGnuplot(std::string_view script, const fs::path& output) {
  const TemporaryFolder folder;
  const fs::path commands = folder.path() / "script";
  const fs::path messages = folder.path() / "messages";
  WriteTextFile(commands, script);
  Redirections streams;
  streams.Add(STDIN_FILENO, commands, O_RDONLY);
  streams.Add(STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC);
  streams.Add(STDERR_FILENO, messages, O_WRONLY | O_CREAT | O_TRUNC);
  const int status = Run(streams);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && IsWhole(output)) return;
  std::ifstream stream(messages);
  const std::string said{std::istreambuf_iterator<char>(stream), {}};
  throw Error("gnuplot could not draw " + output.string() + (said.empty() ? "" : ": " + said),
              "Check the free space, and that this gnuplot has the terminals pngcairo and svg "
              "(Debian's gnuplot-nox has)");
}

std::string GnuplotTerminal(bool svg, int width, int height) {
  const int scale = svg ? 1 : 2;
  const std::string size = std::to_string(width * scale) + "," + std::to_string(height * scale);
  return "set encoding utf8\n" +
         (svg ? "set terminal svg noenhanced rounded size " + size +
                    " font 'DejaVu Sans,14' background rgb 'white' linewidth 1 dynamic\n"
              : "set terminal pngcairo noenhanced rounded size " + size +
                    " font 'DejaVu Sans,22' background rgb 'white' linewidth 2 pointscale 2\n");
}

bool IsSvgName(const fs::path& path) {
  std::string suffix = path.extension().string();
  for (char& c : suffix) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (suffix != ".png" && suffix != ".svg") {
    throw UsageError(path.string() + ": a plot is a .png or an .svg");
  }
  return suffix == ".svg";
}

std::string GnuplotString(std::string_view text) {
  std::string quoted = "'";
  for (size_t i = 0; i < text.size();) {
    const size_t length = SequenceLength(text, i);
    const auto c = static_cast<unsigned char>(text[i]);
    if (length == 0) {
      quoted += '?';
    } else if (c < 0x20 || c == 0x7f) {
      quoted += ' ';
    } else if (c == '\'') {
      quoted += "\xe2\x80\x99";
    } else {
      quoted += text.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  return quoted + "'";
}

}  // namespace unmask
