#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/judging_options.h"
#include "unmask/cli/verdict_output.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/detect/draw.h"
#include "unmask/detect/judge_files.h"
#include "unmask/detect/profile.h"
#include "unmask/detect/verdict_text.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<fs::path> files;
  fs::path list;
  std::string shard;
  fs::path output;
  fs::path drawing;
  bool json = false;
  bool json_lines = false;
  bool resume = false;
  bool profile = false;
  int jobs = 0;
  JudgingArguments judging;
};

// The files to judge; a folder that holds none is a failure like that of a file.
struct Inputs {
  std::vector<fs::path> files;
  std::vector<Verdict> failures;
};

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The names in `list`, one a line; "-": on standard input.
std::vector<fs::path> ReadList(const fs::path& list) {
  std::ifstream file;
  if (list != "-") {
    std::error_code error;
    file.open(list);
    if (!file || fs::is_directory(list, error)) {
      throw Error("cannot read " + list.string(), "Give --files-from a file that names one a line");
    }
  }
  std::istream& stream = list == "-" ? std::cin : file;
  std::vector<fs::path> names;
  for (std::string name; std::getline(stream, name);) {
    if (names.empty() && name.starts_with(kByteOrderMark)) name.erase(0, kByteOrderMark.size());
    if (!name.empty() && name.back() == '\r') name.pop_back();
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

// Every n-th file, counted over all of them, where this run is one of n; the first of them names
// the failures.
void TakeShard(const std::string& text, Inputs& inputs) {
  if (text.empty()) return;
  int shard = 1, shards = 1;
  ParseShard(text, shard, shards);
  std::vector<fs::path> ours;
  for (auto i = static_cast<size_t>(shard) - 1; i < inputs.files.size();
       i += static_cast<size_t>(shards)) {
    ours.push_back(std::move(inputs.files[i]));
  }
  inputs.files = std::move(ours);
  if (shard > 1) inputs.failures.clear();
}

Inputs FindInputs(const Arguments& arguments) {
  std::vector<fs::path> paths = arguments.files;
  if (!arguments.list.empty()) {
    for (fs::path& path : ReadList(arguments.list)) paths.push_back(std::move(path));
  }
  if (paths.empty()) {
    throw UsageError(arguments.list.empty() ? "nothing to judge is given"
                                            : arguments.list.string() + ": names no file",
                     "Give videos, pictures or folders of them");
  }
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
  TakeShard(arguments.shard, inputs);
  return inputs;
}

// Before any work: what cannot be written at the end.
void CheckOutputs(const Arguments& arguments, const Inputs& inputs) {
  std::vector<fs::path> read = inputs.files;
  for (const fs::path& file :
       {arguments.judging.options.model, arguments.judging.options.model_sidecar, arguments.list}) {
    read.push_back(file);
  }
  for (const fs::path& output : {arguments.output, arguments.drawing}) {
    if (!output.empty()) RefuseToOverwrite(output, read);
  }
  if (arguments.resume && (!arguments.json_lines || arguments.output.empty())) {
    throw UsageError("--resume goes on with a file of --json-lines",
                     "Give --json-lines --output FILE with it");
  }
  if (!arguments.output.empty()) {
    if (!arguments.json_lines) {
      const AtomicFile writable(arguments.output);
    }
    if (arguments.output.lexically_normal() == arguments.drawing.lexically_normal()) {
      throw UsageError("the report would overwrite the drawing", "Give them different names");
    }
  }
  if (arguments.drawing.empty()) return;
  if (arguments.resume) {
    throw UsageError("--draw and --resume do not go together", "Draw the file in a run of its own");
  }
  if (inputs.files.size() != 1) {
    throw UsageError(
        "--draw takes one input, and " + std::to_string(inputs.files.size()) + " are given",
        "Draw one file at a time");
  }
  CheckDrawing(inputs.files[0], arguments.drawing);
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Run {
 public:
  Run(const Arguments& arguments, Inputs inputs)
      : arguments_(arguments),
        inputs_(std::move(inputs)),
        output_(MakeOutput()),
        judge_(arguments.judging.Resolve(), arguments.jobs, inputs_.files.size()) {
    profile_.load = SecondsSince(start_);
    if (arguments.judging.precision == "bf16" &&
        judge_.settings().precision != Precision::kBfloat16) {
      PrintNote("this processor has no bf16; fp32 is used");
    }
    output_->Begin(judge_.settings());
  }

  int Execute() {
    for (Verdict& failure : inputs_.failures) Output(std::move(failure));
    const auto progress = MakeProgress("detect", inputs_.files.size() == 1 ? "s" : "files");
    if (!inputs_.files.empty()) Update(*progress, 0, 0, 0);
    const size_t before = outputs_;
    try {
      judge_.Judge(
          inputs_.files, &GlobalCancelToken(),
          [&](size_t i, double done, double total) { Update(*progress, i, done, total); },
          [&](size_t i, Verdict verdict) {
            progress->Finish();
            ++judged_;
            profile_.Add(verdict);
            if (!arguments_.drawing.empty()) drawn_ = verdict;
            Output(std::move(verdict), before + i);
          });
    } catch (...) {
      progress->Finish();
      output_->Stop();
      SayHowToGoOn();
      throw;
    }
    profile_.passed = SecondsSince(start_);
    if (drawn_) Draw(*drawn_);
    output_->Finish();
    if (arguments_.profile) PrintProfile();
    return failed_ ? 1 : 0;
  }

 private:
  // Takes what was judged before out of the inputs.
  std::unique_ptr<VerdictOutput> MakeOutput() {
    if (arguments_.json) return MakeJsonOutput(arguments_.output);
    if (!arguments_.json_lines) return MakeTextOutput(arguments_.output);
    std::set<std::string> done;
    auto output = MakeJsonLinesOutput(arguments_.output, arguments_.resume, done);
    const size_t all = inputs_.files.size();
    std::erase_if(inputs_.files, [&](const fs::path& file) { return IsDone(file, done); });
    if (const size_t left = inputs_.files.size(); left < all) {
      PrintNote(CountOf(all - left, "file") + " of " + std::to_string(all) + " judged before");
    }
    return output;
  }

  void Output(Verdict verdict, std::optional<size_t> index = std::nullopt) {
    if (verdict.judgement == Judgement::kError) {
      failed_ = true;
      PrintError(Error(verdict.error, verdict.remedy));
    }
    output_->Add(index.value_or(outputs_), std::move(verdict));
    ++outputs_;
  }

  void Update(Progress& progress, size_t index, double done, double total) {
    const std::string name = inputs_.files[index].filename().string();
    if (inputs_.files.size() == 1) {
      return progress.Update(static_cast<int64_t>(done), static_cast<int64_t>(total), name);
    }
    const std::string place = total > 0 ? " " + DescribeTime(done) + "/" + DescribeTime(total) : "";
    progress.Update(judged_, static_cast<int64_t>(inputs_.files.size()), name + place);
  }

  void SayHowToGoOn() const {
    if (!arguments_.json_lines || arguments_.output.empty()) return;
    PrintNote(CountOf(static_cast<size_t>(judged_), "file") + " of " +
              std::to_string(inputs_.files.size()) +
              " judged; the same command with --resume goes on");
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

  void PrintProfile() {
    profile_.jobs = judge_.jobs();
    profile_.threads = judge_.threads();
    std::cerr << DescribeProfile(profile_);
  }

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const Arguments& arguments_;
  Inputs inputs_;
  std::unique_ptr<VerdictOutput> output_;
  FileJudge judge_;
  size_t outputs_ = 0;  // verdicts that have gone there
  int64_t judged_ = 0;
  bool failed_ = false;
  std::optional<Verdict> drawn_;
  Profile profile_;
};

int RunDetect(const Arguments& arguments) {
  Inputs inputs = FindInputs(arguments);
  CheckOutputs(arguments, inputs);
  return Run(arguments, std::move(inputs)).Execute();
}

}  // namespace

std::function<int()> ConfigureDetect(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  app.add_option("FILES", a->files, "videos, pictures, and folders of them");
  app.add_option("--files-from", a->list,
                 "judge also what this file names, one a line; - reads standard input");
  AddJsonOption(app, a->json);
  app.add_flag("--json-lines", a->json_lines,
               "print a JSON report of one file on each line, as soon as it is judged")
      ->excludes("--json");
  app.add_option("-o,--output", a->output,
                 "write the report (text, JSON or JSON lines) to this file");
  app.add_flag("--resume", a->resume,
               "go on with the --output of --json-lines: judge what it holds no verdict on");
  app.add_option("--draw", a->drawing,
                 "write the video or picture again with a box, number and score at every face");
  app.add_option("--model", a->judging.options.model,
                 "an ONNX model to judge with; by default the one that comes with the program");
  AddScoringOptions(app, a->judging);
  AddAnswerOption(app, a->judging.options);
  AddSearchOptions(app, a->judging.options, "Options");
  app.add_option("--shard", a->shard,
                 "i/n: take every n-th file only, from the i-th; for n machines");
  app.add_option("--jobs", a->jobs,
                 "files that are judged side by side; 0: as many as threads, which they share")
      ->capture_default_str();
  AddThreadsOption(app, a->judging.options.threads);
  app.add_flag("--profile", a->profile, "say on standard error where the time went");
  app.footer(
      "Examples:\n"
      "  unmask detect interview.mp4\n"
      "  unmask detect clips/ --json --output report.json\n"
      "  unmask detect clips/ --json-lines --output verdicts.jsonl --resume\n"
      "  unmask detect interview.mp4 --draw interview-judged.mp4\n\n"
      "The probability is that of a manipulation: 0 % real, 100 % fake. A file that\n"
      "cannot be read is reported, the others go on, and the exit code is 1.");
  return [a] { return RunDetect(*a); };
}

}  // namespace unmask
