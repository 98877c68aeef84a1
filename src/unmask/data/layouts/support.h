#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/data/layouts/layout.h"

namespace unmask {

// What the layouts share.

// The .mp4 files that lie directly in `folder`, by name without extension; none when it is missing.
std::map<std::string, std::filesystem::path> VideosIn(const std::filesystem::path& folder);

// The folders that lie directly in `folder`, sorted; none when it is missing.
std::vector<std::filesystem::path> FoldersIn(const std::filesystem::path& folder);

// Lines without surrounding white space, empty ones left out. Throws Error when it cannot be
// opened.
std::vector<std::string> ReadLines(const std::filesystem::path& file);

// True when `class_name` is asked for.
bool Wants(const LayoutOptions& options, std::string_view class_name);

// "NeuralTextures in c40: 3 of 1000 files are missing: 012_026.mp4, …"; nothing when none is.
void NoteMissing(Listing& listing, const std::string& what, const std::vector<std::string>& missing,
                 size_t expected);

// The same with other words: "…: 3 files are left out, because the official lists do not name them:
// …".
void NoteLeftOut(Listing& listing, const std::string& what, const std::string& why,
                 const std::vector<std::string>& files);

// A file and everybody whose face went into it.
struct PicturedFile {
  PrepareInput input;  // its split may be given already
  std::vector<std::string> people;
};

// Adds the files to the listing, each with the split of its people. A file whose people are in
// different splits can be in none of them: it is left out, which is noted. With options.split all
// are taken.
void AddApart(std::vector<PicturedFile> files, const LayoutOptions& options,
              const std::function<std::string(const std::string&)>& split_of,
              const std::string& what, Listing& listing);

// "val" for one person in ten by a hash of the name, else "train".
std::string TrainOrVal(std::string_view person);

}  // namespace unmask
