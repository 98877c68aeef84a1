#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/data/manifest.h"

namespace unmask {

// What to take of a data set.
struct LayoutOptions {
  std::string quality;               // "raw", "c23", "c40"; empty: the only one that is there
  std::vector<std::string> classes;  // empty: all
  std::filesystem::path splits;   // folder of the data set's lists; empty: looked for in the root
  std::string split;              // one split for every file, whatever the lists say
  bool own_split = false;         // by people instead of by the data set's list of test videos
  int pictures_per_sequence = 0;  // of data sets that are made of pictures; 0: all
};

// The files of a data set, and what a person should know of them: what is missing or left out, and
// why.
struct Listing {
  std::vector<PrepareInput> inputs;
  std::vector<std::string> notes;
};

// How a layout is read; each file of this folder defines one.
struct LayoutReader {
  // The folders and files by which the layout is known, of which none (or not all) are there; empty
  // when `root` fits.
  std::vector<std::string> (*lacks)(const std::filesystem::path& root);
  // Throws Error naming the file that cannot be read. Files come with identity, split, label and
  // class set; missing ones are noted.
  Listing (*list)(const std::filesystem::path& root, const LayoutOptions& options);
};

// A row of the table of layouts.
struct Layout {
  std::string_view name;
  std::string_view summary;
  std::string_view expects;  // folders and files, as a person would be told
  bool has_qualities;        // takes LayoutOptions::quality
  bool has_own_split;        // takes LayoutOptions::own_split
  LayoutReader reader;
};

}  // namespace unmask
