#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace unmask {

// A media file to prepare, and what is known of it.
struct PrepareInput {
  std::filesystem::path file;
  std::string identity;    // the person; empty: the file stands for itself
  std::string split;       // "train", "val", "test"; empty: by the identity, see SplitOf()
  int label = -1;          // 1 fake, 0 real, -1 unknown
  int faces = 0;           // faces per track; 0: as the options say
  std::string class_name;  // how it came to be: "Deepfakes", "real"; empty: what the label says
  std::string quality;     // compression as the data set names it: "c23"; empty: not known
  // What other columns of a manifest say, by their names: "sex" → "female".
  std::map<std::string, std::string> attributes = {};
};

// Reads a table whose columns are named in the first line: `file` and any of `label` (real, fake),
// `class`, `identity`, `split`, `quality`, `faces`; others become attributes. Columns are separated
// by tabs; in a file that ends in .csv by commas, and a field may stand in double quotes ("" is a
// quote in it). Relative files are relative to the table. Lines that begin with # are passed over,
// and a byte order mark. Throws Error naming the line, or a column that is there twice.
std::vector<PrepareInput> ReadManifest(const std::filesystem::path& path);

// Writes such a table, comma-separated, with file, label, identity and split: `path` must end in
// .csv. Throws Error for a name that no line can hold, and where it cannot be written.
void WriteManifest(const std::filesystem::path& path, const std::vector<PrepareInput>& inputs);

// Throws Error naming two files of one person that are in different splits. `inputs` must be filled
// in, see WithDefaults().
void RefusePeopleInTwoSplits(const std::vector<PrepareInput>& inputs);

// What is not given filled in: the identity (the file's name), the split (see SplitOf()), the class
// ("real" or "fake" by the label, "" where that is unknown).
PrepareInput WithDefaults(PrepareInput input);

// The split of a person: 80 % "train", 10 % "val", 10 % "test" by a hash of the name, the same on
// every machine.
std::string_view SplitOf(std::string_view identity);

}  // namespace unmask
