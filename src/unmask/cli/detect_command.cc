#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/judging_options.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/detect/detector.h"
#include "unmask/detect/draw.h"
#include "unmask/detect/verdict_text.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<fs::path> files;
  fs::path output;
  fs::path drawing;
  bool json = false;
  JudgingArguments judging;
};

// The files to judge; a folder that holds none is a failure like that of a file.
struct Inputs {
  std::vector<fs::path> files;
  std::vector<Verdict> failures;
};

Inputs FindInputs(const std::vector<fs::path>& paths) {
  Inputs inputs;
  for (const fs::path& path : paths) {
    try {
      for (fs::path& file : ExpandMedia({path})) inputs.files.push_back(std::move(file));
    } catch (const Error& e) {
      Verdict& failure = inputs.failures.emplace_back();
      failure.file = path;
      failure.error = e.problem();
      failure.remedy = e.remedy();
    }
  }
  return inputs;
}

// Before any work: what cannot be written at the end.
void CheckOutputs(const Arguments& arguments, const Inputs& inputs) {
  std::vector<fs::path> read = inputs.files;
  read.push_back(arguments.judging.options.model);
  read.push_back(arguments.judging.options.model_sidecar);
  for (const fs::path& output : {arguments.output, arguments.drawing}) {
    if (!output.empty()) RefuseToOverwrite(output, read);
  }
  if (!arguments.output.empty()) {
    const AtomicFile writable(arguments.output);
    if (arguments.output.lexically_normal() == arguments.drawing.lexically_normal()) {
      throw UsageError("the report would overwrite the drawing", "Give them different names");
    }
  }
  if (arguments.drawing.empty()) return;
  if (inputs.files.size() != 1) {
    throw UsageError(
        "--draw takes one input, and " + std::to_string(inputs.files.size()) + " are given",
        "Draw one file at a time");
  }
  CheckDrawing(inputs.files[0], arguments.drawing);
}

// Judges file after file; in text that goes to the terminal, each verdict as soon as it is there.
class Run {
 public:
  Run(const Arguments& arguments, Inputs inputs)
      : arguments_(arguments),
        inputs_(std::move(inputs)),
        detector_(arguments.judging.Resolve()),
        verdicts_(std::move(inputs_.failures)) {
    if (arguments.judging.precision == "bf16" &&
        detector_.settings().precision != Precision::kBfloat16) {
      PrintNote("this processor has no bf16; fp32 is used");
    }
    for (const Verdict& failure : verdicts_) Report(failure);
  }

  int Execute() {
    const auto progress = MakeProgress("detect", inputs_.files.size() == 1 ? "s" : "files");
    for (size_t i = 0; i < inputs_.files.size(); ++i) {
      verdicts_.push_back(Judge(i, *progress));
      progress->Finish();
      Report(verdicts_.back());
    }
    if (!arguments_.drawing.empty()) Draw(verdicts_.back());
    Conclude();
    for (const Verdict& verdict : verdicts_) {
      if (verdict.judgement == Judgement::kError) return 1;
    }
    return 0;
  }

 private:
  Verdict Judge(size_t index, Progress& progress) {
    const fs::path& file = inputs_.files[index];
    const std::string name = file.filename().string();
    const auto count = static_cast<int64_t>(inputs_.files.size());
    const auto update = [&](double done, double total) {
      if (count == 1) {
        progress.Update(static_cast<int64_t>(done), static_cast<int64_t>(total), name);
      } else {
        const std::string place =
            total > 0 ? " " + DescribeTime(done) + "/" + DescribeTime(total) : "";
        progress.Update(static_cast<int64_t>(index), count, name + place);
      }
    };
    update(0, 0);
    return detector_.TryJudge(file, &GlobalCancelToken(), update);
  }

  bool TextToTerminal() const { return !arguments_.json && arguments_.output.empty(); }

  void Report(const Verdict& verdict) {
    if (verdict.judgement == Judgement::kError) {
      PrintError(Error(verdict.error, verdict.remedy));
    } else if (TextToTerminal()) {
      Print(DescribeVerdict(verdict));
    }
  }

  void Draw(const Verdict& verdict) {
    if (verdict.judgement == Judgement::kError) return;
    const auto progress = MakeProgress("draw", "s");
    DrawVerdict(verdict, arguments_.drawing, &GlobalCancelToken(), [&](double done) {
      progress->Update(static_cast<int64_t>(done), static_cast<int64_t>(verdict.duration), "");
    });
    progress->Finish();
    PrintNote("drawn to " + arguments_.drawing.string());
  }

  void Conclude() {
    if (arguments_.json) {
      const Json report = ToJson(detector_.settings(), verdicts_);
      arguments_.output.empty() ? PrintJson(report) : WriteJson(arguments_.output, report);
      return;
    }
    const std::string summary = verdicts_.size() > 1 ? DescribeVerdicts(verdicts_) : "";
    if (TextToTerminal()) return Print(summary);
    std::string report;
    for (const Verdict& verdict : verdicts_) report += DescribeVerdict(verdict);
    WriteTextFile(arguments_.output, report + summary);
  }

  const Arguments& arguments_;
  Inputs inputs_;
  Detector detector_;
  std::vector<Verdict> verdicts_;
};

int RunDetect(const Arguments& arguments) {
  Inputs inputs = FindInputs(arguments.files);
  CheckOutputs(arguments, inputs);
  return Run(arguments, std::move(inputs)).Execute();
}

}  // namespace

std::function<int()> ConfigureDetect(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  app.add_option("FILES", a->files, "videos, pictures, and folders of them")->required();
  AddJsonOption(app, a->json);
  app.add_option("-o,--output", a->output,
                 "write the report (text, or JSON with --json) to this file");
  app.add_option("--draw", a->drawing,
                 "write the video or picture again with a box, number and score at every face");
  app.add_option("--model", a->judging.options.model,
                 "an ONNX model to judge with; by default the one that comes with the program");
  AddScoringOptions(app, a->judging);
  AddAnswerOption(app, a->judging.options);
  AddSearchOptions(app, a->judging.options, "Options");
  AddThreadsOption(app, a->judging.options.threads);
  app.footer(
      "Examples:\n"
      "  unmask detect interview.mp4\n"
      "  unmask detect clips/ --json --output report.json\n"
      "  unmask detect interview.mp4 --draw interview-judged.mp4\n\n"
      "The probability is that of a manipulation: 0 % real, 100 % fake. A file that\n"
      "cannot be read is reported, the others go on, and the exit code is 1.");
  return [a] { return RunDetect(*a); };
}

}  // namespace unmask
