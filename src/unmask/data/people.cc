#include "unmask/data/people.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/data/layouts/registry.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr size_t kManyPeople = 20;  // of so many a hash holds two out on average
constexpr size_t kHeldOutShare = 5;

// One that fits several layouts is a data set all the more.
bool IsDataset(const fs::path& folder) {
  try {
    return RecogniseLayout(folder) != nullptr;
  } catch (const UsageError&) {
    return true;
  }
}

std::vector<fs::path> MediaIn(const fs::path& folder) {
  if (IsDataset(folder)) {
    throw Error(folder.string() + ": is laid out as a data set, which may hold fakes",
                "Prepare it with `unmask prepare " + folder.string() +
                    " --out STORE` and give the store, or give its folders of real clips");
  }
  try {
    return ExpandMedia({folder});
  } catch (const Error& e) {
    throw Error(e.problem(),
                "Give videos, pictures and folders of them, or stores that `unmask prepare` wrote");
  }
}

bool HoldsFolders(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator i(folder, error), end; !error && i != end; i.increment(error)) {
    if (i->is_directory(error)) return true;
  }
  return false;
}

// Whether these are the folders of people, not collections of such folders.
bool ArePeople(const std::vector<fs::path>& folders) {
  return folders.size() > 1 && std::none_of(folders.begin(), folders.end(), HoldsFolders);
}

// The person whom `file` of `folder` shows.
std::string PersonOf(const fs::path& file, const fs::path& folder) {
  return file.lexically_relative(folder).begin()->string();
}

struct Splits {
  std::map<std::string, std::string> of_person;
  bool train = false, val = false;  // whether anybody is in it

  void Set(const std::string& person, std::string_view split) {
    of_person[person] = split;
    train |= split == "train";
    val |= split == "val";
  }
};

// How many of `people` to hold out where somebody is in the splits already.
size_t HeldOut(size_t people, const Splits& already) {
  if (people == 1) return already.val ? 0 : 1;
  return people < 6 ? 1 : std::max<size_t>(2, people / kHeldOutShare);
}

void SplitFew(std::vector<std::string> people, Splits& splits) {
  if (people.size() == 1 && !splits.train && !splits.val) {
    throw Error("there is one person only: " + people[0],
                "A model is measured on people it was not trained on: add clips of others, and "
                "put those of each person in a folder of their own");
  }
  std::sort(people.begin(), people.end(), [](const std::string& a, const std::string& b) {
    return std::pair(DeriveSeed(0, a), a) < std::pair(DeriveSeed(0, b), b);
  });
  const size_t held_out = HeldOut(people.size(), splits);
  for (size_t i = 0; i < people.size(); ++i) splits.Set(people[i], i < held_out ? "val" : "train");
}

}  // namespace

bool IsMedia(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return !fs::exists(path / "store.json", error);
  std::array<char, 16> begin{};
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;  // whoever opens it says why
  file.read(begin.data(), begin.size());
  return std::memcmp(begin.data(), "SQLite format 3", begin.size()) != 0;
}

std::vector<PrepareInput> ListRealMedia(const std::vector<fs::path>& paths) {
  std::vector<PrepareInput> inputs;
  std::set<fs::path> seen;
  const auto add = [&](const fs::path& file, const std::string& person) {
    if (!seen.insert(file).second) return;
    inputs.push_back({.file = file, .identity = person, .split = "", .label = 0});
  };
  std::vector<fs::path> folders, files;
  for (const fs::path& path : paths) {
    fs::path full = fs::absolute(path).lexically_normal();
    if (!full.has_filename()) full = full.parent_path();  // "clips/"
    std::error_code error;
    (fs::is_directory(full, error) ? folders : files).push_back(full);
  }
  const bool people = ArePeople(folders);
  for (const fs::path& folder : folders) {
    const fs::path base = people ? folder.parent_path() : folder;
    for (const fs::path& file : MediaIn(folder)) add(file, PersonOf(file, base));
  }
  for (const fs::path& file : files) add(file, file.filename().string());
  return inputs;
}

void SplitPeople(std::vector<PrepareInput>& inputs,
                 const std::map<std::string, std::string>& known) {
  Splits decided;
  for (const auto& [person, split] : known) decided.Set(person, split);
  std::set<std::string> free;
  for (const PrepareInput& input : inputs) {
    if (!known.contains(input.identity)) free.insert(input.identity);
  }
  const std::vector<std::string> people(free.begin(), free.end());
  Splits splits = decided;
  for (const std::string& person : people) splits.Set(person, SplitOf(person));
  if (!people.empty() && (people.size() < kManyPeople || !splits.train || !splits.val)) {
    splits = decided;
    SplitFew(people, splits);
  }
  for (PrepareInput& input : inputs) input.split = splits.of_person.at(input.identity);
}

}  // namespace unmask
