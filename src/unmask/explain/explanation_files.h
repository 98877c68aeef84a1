#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/explain/explain_file.h"

namespace unmask {

// What is written of one file beside its JSON.
struct ExplanationFiles {
  // Of each track, the pictures of its faces to look at, in their order, and that of its mean map.
  struct Track {
    std::vector<std::string> faces;
    std::string mean;
  };
  std::vector<Track> tracks;
  std::string grid;      // of all models; empty: no others were compared
  std::string overlay;   // empty: not drawn
  std::string timeline;  // empty: not drawn
};

// Draws the faces to look at, the mean maps and, where other models were compared, the grid into
// the existing folder; returns their names in it. `models`: the names of the judging model and the
// others.
ExplanationFiles WriteExplanationPictures(const FileExplanation& explanation,
                                          const ExplainOptions& options,
                                          const std::vector<std::string>& models,
                                          const std::filesystem::path& folder);

// One element of "results" in explanation.json, see docs/json.md: what `unmask detect` says of the
// file, and the explanation. `prefix` is put in front of the names of pictures.
Json ToJson(const FileExplanation& explanation, const ExplanationFiles& files,
            const std::vector<std::string>& models, const std::string& prefix);

// {"schema": "unmask/explain", "version": 1, …} without results.
Json ExplanationHead(const DetectionSettings& settings, const ExplainOptions& options,
                     const std::vector<std::string>& models);

// The verdict as `unmask detect` puts it, and what the maps are worth; ends with a line feed.
std::string DescribeExplanation(const FileExplanation& explanation, const ExplainOptions& options);

}  // namespace unmask
