#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace unmask {

// A media file to prepare, and what is known of it.
struct PrepareInput {
  std::filesystem::path file;
  std::string identity;  // the person; empty: the file stands for itself
  std::string split;     // "train", "val", "test"; empty: by the identity, see SplitOf()
  int label = -1;        // 1 fake, 0 real, -1 unknown
  int faces = 0;         // faces per track; 0: as the options say
};

// Reads a table with tab-separated columns, named in the first line: `file` and any of `label`
// (real, fake), `identity`, `split`, `faces`. Relative files are relative to the table. Lines that
// begin with # are passed over. Throws Error naming the line.
std::vector<PrepareInput> ReadManifest(const std::filesystem::path& path);

// The split of a person: 80 % "train", 10 % "val", 10 % "test" by a hash of the name, the same on
// every machine.
std::string_view SplitOf(std::string_view identity);

}  // namespace unmask
