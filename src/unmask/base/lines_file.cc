#include "unmask/base/lines_file.h"

#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace unmask {

namespace fs = std::filesystem;

LinesFile::LinesFile(fs::path path) : path_(std::move(path)), lock_(FileLock::TryToLock(path_)) {
  if (!lock_)
    throw Error(path_.string() + ": another run is writing it", "Wait until it has ended");
  std::ifstream file(path_, std::ios::binary);
  std::stringstream whole;
  if (file.peek() != std::ifstream::traits_type::eof()) whole << file.rdbuf();
  if (file.bad() || whole.bad()) throw Error(path_.string() + ": cannot be read");
  const std::string text = std::move(whole).str();
  end_ = text.find_last_of('\n') + 1;  // 0 where there is no whole line
  std::istringstream lines(text.substr(0, end_));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) lines_.push_back(std::move(line));
  }
}

std::vector<std::string> LinesFile::TakeLines() { return std::exchange(lines_, {}); }

void LinesFile::Append(std::string_view line) {
  const std::string whole = std::string(line) + "\n";
  const std::lock_guard<std::mutex> lock(mutex_);
  std::error_code error;
  fs::resize_file(path_, end_, error);  // half a line of a crash
  std::ofstream file(path_, std::ios::binary | std::ios::app);
  file.write(whole.data(), static_cast<std::streamsize>(whole.size()));
  file.close();
  if (error || !file) {
    fs::resize_file(path_, end_, error);
    throw UnwritableLines(path_.string() + ": cannot be written", "Is the disk full?");
  }
  end_ += whole.size();
}

}  // namespace unmask
