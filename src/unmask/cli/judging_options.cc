#include "unmask/cli/judging_options.h"

#include <CLI/CLI.hpp>

namespace unmask {

void AddPrecisionOption(CLI::App& app, std::string& precision) {
  app.add_option(
         "--precision", precision,
         "fp32, bf16 (about twice as fast where the processor has it, scores differ "
         "slightly) or auto; fp32 gives the same scores on every machine, to the fifth digit")
      ->capture_default_str()
      ->check(CLI::IsMember({"fp32", "bf16", "auto"}).description(""));
}

void AddModelOptions(CLI::App& app, std::filesystem::path& model_info, std::string& precision) {
  app.add_option("--model-info", model_info,
                 "JSON file saying how the input of a foreign model is made, see docs/models.md");
  AddPrecisionOption(app, precision);
}

Precision PrecisionFromName(const std::string& name) {
  return name == "auto"   ? Precision::kAuto
         : name == "bf16" ? Precision::kBfloat16
                          : Precision::kFloat;
}

void AddVerdictOptions(CLI::App& app, JudgingArguments& a) {
  app.add_option("--aggregate", a.aggregation,
                 "how faces make a verdict: AT (mean over tracks), MT (vote over tracks), MF "
                 "(vote over faces)")
      ->capture_default_str();
  app.add_option("--vote-score", a.vote_score,
                 "the score of a vote: mean (of the side that won) or share (of votes for fake)")
      ->capture_default_str()
      ->check(CLI::IsMember({"mean", "share"}).description(""));
  app.add_option("--threshold", a.options.threshold,
                 "scores of at least this are fake, 0 … 1; by default the model's own")
      ->check(CLI::Range(0.0, 1.0).description(""));
}

void AddAnswerOption(CLI::App& app, DetectorOptions& options) {
  app.add_flag("--always-answer", options.always_answer,
               "real or fake, also where the model's limits say that it cannot tell");
}

void AddScoringOptions(CLI::App& app, JudgingArguments& a) {
  AddVerdictOptions(app, a);
  AddModelOptions(app, a.options.model_sidecar, a.precision);
}

void AddSearchOptions(CLI::App& app, DetectorOptions& options, const std::string& group) {
  app.add_flag("--every-frame", options.every_frame,
               "look for faces in every frame and judge every face")
      ->group(group);
  app.add_option(
         "--detect-fps", options.detect_fps,
         "frames a second in which faces are looked for, in longer clips down to 3.3 of them "
         "while next to nothing moves (clips up to 3 s: every frame)")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--thorough", options.thorough,
               "look for faces as often while nothing moves; the faces to judge stay the same")
      ->group(group);
  app.add_option("--faces-per-track", options.faces_per_track,
                 "faces that are judged of each track, spread evenly over it")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--small-faces", options.small_faces,
               "also find faces from 40 pixels in large frames; 13 times the search at 720p")
      ->group(group);
}

DetectorOptions JudgingArguments::Resolve() const {
  DetectorOptions resolved = options;
  resolved.aggregation = AggregationFromName(aggregation);
  resolved.vote_score = vote_score == "share" ? VoteScore::kShare : VoteScore::kWinnersMean;
  resolved.precision = PrecisionFromName(precision);
  resolved.Validate();
  return resolved;
}

}  // namespace unmask
