#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/base/lines_file.h"

namespace unmask {

// The condition of files that nothing was done to.
inline constexpr char kUndisturbed[] = "none";

enum class RobustnessOutcome {
  kJudged,
  kNoFace,   // no face was found, so there is no score
  kLeftOut,  // the level says nothing about this file
};

// One file, or its forged copy, in one condition at one level.
struct RobustnessRecord {
  std::string file;           // as the manifest names it
  std::string forgery;        // by which a real file was forged; empty: the file itself
  std::string forgery_means;  // what that needed besides faces, see ForgeryMix::Means()
  std::string condition;      // kUndisturbed or a row of the table
  double level = 0;
  RobustnessOutcome outcome = RobustnessOutcome::kJudged;
  std::string why;       // it was left out
  double score = 0;      // P(fake) of the file
  bool fake = false;     // the decision
  double face_size = 0;  // pixels, see Excerpt
  // Undisturbed only: of each judged face the turn of the head in degrees and its score.
  std::vector<std::pair<double, double>> turned_faces;
  // Several faces only: of each person in the scene the label (1 fake) and the score, which is not
  // a number where no face was found.
  std::vector<std::pair<int, double>> people;

  std::tuple<std::string, std::string, std::string, double> key() const {
    return {file, forgery, condition, level};
  }
};

// results.jsonl: what was measured so far, a line each behind a first line that says with which
// options.
class RobustnessResults {
 public:
  // Opens the file; it begins with the first record. `settings`: all that the records depend on.
  // Throws Error where it was begun with other settings, naming the first that differs, is no such
  // file, cannot be written, or another run is writing it.
  RobustnessResults(const std::filesystem::path& path, const Json& settings);

  bool Has(const RobustnessRecord& record) const;

  // Appends the record. From any thread. Throws UnwritableLines, and has the file as it was.
  void Add(const RobustnessRecord& record);

  // In the order of the keys. Not while others add.
  std::vector<RobustnessRecord> Records() const;

 private:
  LinesFile file_;
  std::string header_;  // to be written before the first record; empty: it was
  mutable std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, std::string, double>, RobustnessRecord> records_;
};

}  // namespace unmask
