#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "unmask/base/atomic_folder.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/explain_timeline.h"
#include "unmask/cli/judging_options.h"
#include "unmask/cli/training_program.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/explain/explanation_files.h"
#include "unmask/explain/model_names.h"
#include "unmask/explain/overlay_video.h"
#include "unmask/media/picture.h"
#include "unmask/report/plot.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kReport[] = "explanation.json";

struct Arguments {
  std::vector<fs::path> files;
  fs::path output;
  std::vector<fs::path> compared;
  std::string method = "grad-cam";
  std::string target = "margin";
  bool video = false;
  bool json = false;
  ExplainOptions options;
  JudgingArguments judging;
};

// A folder in the output for each file, named after it; several of one name are numbered.
std::vector<std::string> FolderNames(const std::vector<fs::path>& files) {
  std::vector<std::string> names;
  std::set<std::string> taken = {kReport};
  for (const fs::path& file : files) {
    const std::string stem = file.stem().string();
    std::string name = stem;
    for (int i = 2; !taken.insert(name).second; ++i) name = stem + "-" + std::to_string(i);
    names.push_back(name);
  }
  return names;
}

class Run {
 public:
  Run(const Arguments& arguments, ExplainOptions options)
      : arguments_(arguments),
        options_(std::move(options)),
        files_(ExpandMedia(arguments.files)),
        folder_(arguments.output),
        detector_(arguments.judging.Resolve()),
        explainer_(detector_, options_) {
    std::vector<ModelMetadata> metadata = {detector_.classifier().metadata()};
    const fs::path& first = arguments.judging.options.model;
    std::vector<fs::path> paths = {first.empty() ? DefaultModel() : first};
    for (const fs::path& model : arguments.compared) {
      MapOptions maps = options_.maps;
      others_.push_back(std::make_unique<CropExplainer>(
          model, maps,
          ClassifierOptions{.threads = arguments.judging.options.threads,
                            .precision = detector_.settings().precision}));
      explainer_.Compare(*others_.back());
      metadata.push_back(others_.back()->classifier().metadata());
      paths.push_back(model);
    }
    models_ = NamesThatDiffer(metadata, paths);
  }

  int Execute() {
    Json results = Json::array();
    const std::vector<std::string> names = FolderNames(files_);
    size_t failed = 0;
    for (size_t i = 0; i < files_.size(); ++i) {
      const FileExplanation explanation = Explain(files_[i], names[i]);
      ExplanationFiles written;
      if (explanation.verdict.judgement == Judgement::kError) {
        ++failed;
        PrintError(Error(explanation.verdict.error, explanation.verdict.remedy));
      } else {
        if (!arguments_.json) Print(DescribeExplanation(explanation, options_));
        if (!explanation.tracks.empty()) written = Write(explanation, names[i]);
      }
      results.push_back(ToJson(explanation, written, models_, names[i] + "/"));
    }
    Json report = ExplanationHead(detector_.settings(), options_, models_);
    report["results"] = std::move(results);
    if (arguments_.json) PrintJson(report);
    if (failed < files_.size()) {  // otherwise the same command can be given again
      WriteJson(folder_.temporary_path() / kReport, report);
      folder_.Commit();
      PrintNote("written to " + folder_.target().string());
    }
    return failed > 0 ? 1 : 0;
  }

 private:
  // A file that cannot be read becomes a verdict that says so, and the next one is explained.
  FileExplanation Explain(const fs::path& file, const std::string& name) {
    const auto progress = MakeProgress("explain", "s");
    FileExplanation explanation;
    try {
      explanation = explainer_.Explain(file, &GlobalCancelToken(), [&](double done, double total) {
        progress->Update(static_cast<int64_t>(done), static_cast<int64_t>(total), name);
      });
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& e) {
      explanation.verdict.file = file;
      explanation.verdict.error = e.problem();
      explanation.verdict.remedy = e.remedy();
    }
    progress->Finish();
    return explanation;
  }

  ExplanationFiles Write(const FileExplanation& explanation, const std::string& name) {
    const fs::path folder = folder_.temporary_path() / name;
    std::error_code error;
    if (!fs::create_directory(folder, error)) {
      throw Error("cannot write " + (folder_.target() / name).string() + ": " + error.message());
    }
    ExplanationFiles files = WriteExplanationPictures(explanation, options_, models_, folder);
    const bool picture = explanation.verdict.is_picture;
    if (picture) {
      files.overlay = "overlay.png";
      DrawExplanation(explanation, folder / files.overlay, &GlobalCancelToken());
      return files;
    }
    files.timeline = "timeline.png";
    DrawTimeline(explanation.verdict, folder / files.timeline);
    if (!arguments_.video) return files;
    files.overlay = "overlay.mp4";
    const auto progress = MakeProgress("draw", "s");
    DrawExplanation(explanation, folder / files.overlay, &GlobalCancelToken(), [&](double done) {
      progress->Update(static_cast<int64_t>(done),
                       static_cast<int64_t>(explanation.verdict.duration), name);
    });
    progress->Finish();
    return files;
  }

  const Arguments& arguments_;
  const ExplainOptions options_;
  const std::vector<fs::path> files_;
  AtomicFolder folder_;
  Detector detector_;
  FileExplainer explainer_;
  std::vector<std::unique_ptr<CropExplainer>> others_;
  std::vector<std::string> models_;  // names of the judging one and the others
};

int RunExplain(const Arguments& arguments) {
  ExplainOptions options = arguments.options;
  options.maps.method = CamMethodFromName(arguments.method);
  options.maps.target = ExplainedTargetFromName(arguments.target);
  options.maps.training_program = TrainingProgram();
  options.Validate();
  RequirePlots();
  return Run(arguments, options).Execute();
}

}  // namespace

std::function<int()> ConfigureExplain(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  app.add_option("FILES", a->files, "videos, pictures, and folders of them")->required();
  app.add_option("-o,--out", a->output, "the folder to write, which must not exist yet")
      ->required();
  app.add_option("--model", a->judging.options.model,
                 "an ONNX model to explain; by default the one that comes with the program");
  app.add_option("--compare", a->compared,
                 "further models, separated by commas: the same faces under all of them, as one "
                 "picture")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--frames", a->options.frames,
                 "pictures of each face, of the moments that speak most for the target")
      ->capture_default_str();
  app.add_flag("--video", a->video, "also write videos with the maps on the faces");
  app.add_option("--method", a->method, "how maps are made: grad-cam or grad-cam++")
      ->capture_default_str();
  app.add_option("--target", a->target,
                 "what is explained: margin (the log odds of fake), fake or real (the logit of "
                 "this class alone)")
      ->capture_default_str();
  app.add_option("--layer", a->options.maps.layer,
                 "a layer of the backbone instead of the last feature map, for example "
                 "blocks.4.2; runs the training program");
  app.add_option("--test-faces", a->options.tested_faces,
                 "faces of each file whose maps are tested by deletion and insertion")
      ->capture_default_str();
  AddScoringOptions(app, a->judging);
  AddAnswerOption(app, a->judging.options);
  AddSearchOptions(app, a->judging.options, "Options");
  AddThreadsOption(app, a->judging.options.threads);
  AddJsonOption(app, a->json);
  app.footer(
      "Examples:\n"
      "  unmask explain interview.mp4 --out why\n"
      "  unmask explain interview.mp4 --out why --video --every-frame\n"
      "  unmask explain face.jpg --out why --model a.onnx --compare b.onnx,c.onnx\n\n"
      "The folder receives explanation.json and, for each file, a folder of pictures:\n"
      "faces beside the map of what made them suspicious, the mean map of each face,\n"
      "scores over time. docs/explain.md says what the maps mean and what they do not.");
  return [a] { return RunExplain(*a); };
}

}  // namespace unmask
