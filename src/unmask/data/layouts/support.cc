#include "unmask/data/layouts/support.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// The first few names.
std::string Examples(const std::vector<std::string>& names) {
  constexpr size_t kShown = 3;
  const auto end = names.begin() + static_cast<ptrdiff_t>(std::min(kShown, names.size()));
  return Join({names.begin(), end}, ", ") + (names.size() > kShown ? ", …" : "");
}

}  // namespace

std::map<std::string, fs::path> VideosIn(const fs::path& folder) {
  std::map<std::string, fs::path> videos;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().extension() == ".mp4" && entry->is_regular_file(ignored)) {
      videos.emplace(entry->path().stem().string(), entry->path());
    }
  }
  return videos;
}

std::vector<fs::path> FoldersIn(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) folders.push_back(entry->path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::vector<std::string> ReadLines(const fs::path& path) {
  std::ifstream file(path);
  if (!file) throw Error(path.string() + ": cannot be opened", "Check the path and its rights");
  std::vector<std::string> lines;
  constexpr std::string_view kWhite = " \t\r";
  for (std::string line; std::getline(file, line);) {
    const size_t begin = line.find_first_not_of(kWhite);
    if (begin == std::string::npos) continue;
    lines.push_back(line.substr(begin, line.find_last_not_of(kWhite) - begin + 1));
  }
  return lines;
}

bool Wants(const LayoutOptions& options, std::string_view class_name) {
  return options.classes.empty() || std::find(options.classes.begin(), options.classes.end(),
                                              class_name) != options.classes.end();
}

void NoteMissing(Listing& listing, const std::string& what, const std::vector<std::string>& missing,
                 size_t expected) {
  if (missing.empty()) return;
  listing.notes.push_back(what + ": " + std::to_string(missing.size()) + " of " +
                          CountOf(expected, "file") + (missing.size() == 1 ? " is" : " are") +
                          " missing: " + Examples(missing));
}

void NoteLeftOut(Listing& listing, const std::string& what, const std::string& why,
                 const std::vector<std::string>& files) {
  if (files.empty()) return;
  listing.notes.push_back(what + ": " + CountOf(files.size(), "file") +
                          (files.size() == 1 ? " is" : " are") + " left out, " + why + ": " +
                          Examples(files));
}

void AddApart(std::vector<PicturedFile> files, const LayoutOptions& options,
              const std::function<std::string(const std::string&)>& split_of,
              const std::string& what, Listing& listing) {
  std::vector<std::string> left_out;
  for (PicturedFile& file : files) {
    if (options.split.empty() && file.input.split.empty()) {
      std::set<std::string> splits;
      for (const std::string& person : file.people) splits.insert(split_of(person));
      if (splits.size() > 1) {
        left_out.push_back(file.input.file.filename().string());
        continue;
      }
      file.input.split = *splits.begin();
    }
    listing.inputs.push_back(std::move(file.input));
  }
  NoteLeftOut(listing, what, "because they show people of two splits", left_out);
}

std::string TrainOrVal(std::string_view person) {
  return DeriveSeed(0, person) % 10 == 0 ? "val" : "train";
}

}  // namespace unmask
