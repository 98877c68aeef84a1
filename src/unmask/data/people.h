#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "unmask/data/manifest.h"

namespace unmask {

// Real faces of a user's own videos and pictures: who is who, and who is held out.

// Whether `path` is a folder, or a file that is no store: something to prepare first.
bool IsMedia(const std::filesystem::path& path);

// The videos and pictures of files and folders, as real ones, each once, with full paths. Of a
// folder, every folder in it is a person, however deep its files lie; other files are persons of
// their own. Several folders without folders in them, as `clips/*` gives them, are a person each.
// Names of files and folders are those of people: equal ones are the same person. Throws Error for
// a folder without media, or one that is laid out as a data set, which may hold fakes.
std::vector<PrepareInput> ListRealMedia(const std::vector<std::filesystem::path>& paths);

// Gives every input the split of its person. Those in `known` keep theirs. Of the others, where
// there are twenty or more, SplitOf() decides. Where there are fewer, or it leaves train or val
// without anybody, a fifth of them is held out in val, in an order that a hash of the names fixes:
// at least one, of six or more at least two; the rest are in train, and none in test. Throws Error
// where nobody can be held out because there is one person only.
void SplitPeople(std::vector<PrepareInput>& inputs,
                 const std::map<std::string, std::string>& known = {});

}  // namespace unmask
