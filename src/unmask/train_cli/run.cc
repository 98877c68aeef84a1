#include "unmask/train_cli/run.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

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
          {"validation", ToJson(result.validation)}};
}

std::string ToText(const TrainResult& result) {
  const Validation& v = result.validation;
  return "trained " + std::to_string(result.steps) + " steps; on " +
         std::to_string(v.labels.size()) + " held-out faces: AUC " + FormatFixed(v.auc, 4) +
         ", accuracy " + FormatFixed(v.accuracy, 3) + ", log loss " + FormatFixed(v.log_loss, 3) +
         " (" + FormatFixed(v.calibrated_log_loss, 3) + " calibrated)\nmodel written to " +
         result.model.string() + "\n";
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
    Print(ToText(result));
  }
  return 0;
}

}  // namespace unmask
