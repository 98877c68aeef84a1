#include "unmask/train_cli/run.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/report/training_curves.h"
#include "unmask/train/trainer.h"

namespace unmask {
namespace {

Json ToJson(const TrainResult& result) {
  return {{"model", result.model.string()},
          {"steps", result.steps},
          {"people", result.held_out_people},
          {"validation", result.validation}};
}

std::string Percent(double share) { return FormatFixed(100 * share, 1) + " %"; }

std::string ToText(const TrainResult& result, const TrainOptions& options) {
  const Json& measures = result.validation;
  const auto value = [&](const char* name) { return measures.at(name).get<double>(); };
  const std::string model = result.model.string();
  const std::string what =
      (result.steps == 0 ? "nothing was trained"
                         : "trained " + std::to_string(result.steps) + " steps") +
      (options.general_weights.empty()
           ? ""
           : ", joined with the general branch of " + options.general_weights.string());
  const std::vector<std::string> lines = {
      what + "; on " + std::to_string(measures.at("faces").get<int64_t>()) +
          " held-out faces (people: " + std::to_string(result.held_out_people) + "):",
      "  AUC " + FormatFixed(value("auc"), 4) + " (0.5 is chance), accuracy " +
          FormatFixed(value("accuracy"), 3) + ", log loss " + FormatFixed(value("log_loss"), 3) +
          " (" + FormatFixed(value("calibrated_log_loss"), 3) + " calibrated)",
      "  " + Percent(value("detection_rate")) + " of the fakes are found at " +
          Percent(value("false_alarm_rate")) + " false alarms; the threshold " +
          FormatFixed(value("threshold"), 2) + " was set on these faces for at most " +
          Percent(options.false_alarm_rate),
      "model written to " + model + "; judge a clip with it:",
      "  unmask detect --model " + model + " CLIP"};
  return Join(lines, "\n") + "\n";
}

// Draws the run's curves. A run does not fail for a picture: what hinders it is said once.
class Curves {
 public:
  explicit Curves(std::filesystem::path run) : run_(std::move(run)) {}

  void Draw() {
    try {
      DrawTrainingCurves(run_);
    } catch (const Error& e) {
      if (!std::exchange(said_, true)) {
        PrintNote(std::string("the run's curves are not drawn: ") + e.what());
      }
    }
  }

 private:
  const std::filesystem::path run_;
  bool said_ = false;
};

std::string NoteOf(const TrainProgress& p) {
  return "loss " + FormatFixed(p.loss, 3) + ", accuracy " + FormatFixed(p.accuracy, 3) + ", " +
         FormatFixed(p.images_per_second, 1) + " images/s";
}

}  // namespace

int RunTraining(const TrainOptions& options, ProcessGroup& group, bool json) {
  if (group.rank() > 0) {  // process 0 speaks for all
    Train(options, group, &GlobalCancelToken(), nullptr);
    return 0;
  }
  const auto progress = MakeProgress("train", "steps");
  Curves curves(options.output);
  int64_t drawn = 0;  // validations that are in the picture
  bool began = false;
  TrainResult result;
  try {
    result = Train(options, group, &GlobalCancelToken(), [&](const TrainProgress& p) {
      if (!std::exchange(began, true) && !p.began_with.empty()) PrintNote(p.began_with);
      progress->Update(p.step, p.steps, NoteOf(p));
      if (std::exchange(drawn, p.validations) != p.validations) curves.Draw();
    });
  } catch (const Cancelled&) {
    progress->Finish();
    curves.Draw();
    PrintNote("the run is kept; continue it with the same command and --resume");
    throw;
  }
  progress->Finish();
  curves.Draw();
  if (json) {
    PrintJson(ToJson(result));
  } else {
    Print(ToText(result, options));
  }
  return 0;
}

}  // namespace unmask
