#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/judging_options.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/data/manifest.h"
#include "unmask/report/robustness_numbers.h"
#include "unmask/report/robustness_report.h"
#include "unmask/report/text_table.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  fs::path manifest;
  fs::path out;
  std::string split = "all";
  bool list = false;
  bool json = false;
  JudgingArguments judging;
  RobustnessOptions robustness;
  SummaryOptions summary;
};

std::vector<std::string> LevelsOf(const Condition& condition) {
  std::vector<std::string> levels;
  for (const double level : condition.levels) levels.push_back(LevelText(level));
  return levels;
}

int List(bool json) {
  Json rows = Json::array();
  std::string text;
  for (const Condition& condition : Conditions()) {
    rows.push_back({{"name", condition.name},
                    {"summary", condition.summary},
                    {"axis", condition.axis},
                    {"levels", condition.levels}});
    text += AlignLeft(std::string(condition.name), 12) + std::string(condition.summary) + "\n" +
            AlignLeft("", 12) + std::string(condition.axis) + ": " +
            Join(LevelsOf(condition), ", ") + "\n";
  }
  json ? PrintJson({{"conditions", rows}}) : Print(text);
  return 0;
}

std::vector<RobustnessFile> FilesOf(const Arguments& a) {
  std::vector<RobustnessFile> files;
  std::set<fs::path> seen;
  for (const PrepareInput& row : ReadManifest(a.manifest)) {
    if (a.split != "all" && row.split != a.split) continue;
    if (row.label < 0) {
      throw Error(a.manifest.string() + ": " + row.file.string() + " has no label",
                  "Fill the column label with real or fake");
    }
    if (!seen.insert(row.file).second) {
      throw Error(a.manifest.string() + ": lists " + row.file.string() + " twice",
                  "List each file once");
    }
    const PrepareInput filled = WithDefaults(row);
    files.push_back({filled.file, filled.identity, filled.label, filled.attributes});
    if (!row.class_name.empty()) files.back().attributes["class"] = row.class_name;
    if (!row.quality.empty()) files.back().attributes["quality"] = row.quality;
  }
  if (files.empty()) {
    throw Error(a.manifest.string() + ": lists no file of the split " + a.split, "See --split");
  }
  return files;
}

void Check(const Arguments& a) {
  if (a.manifest.empty()) {
    throw UsageError("--manifest is required", "Name a table of labelled files, or give --list");
  }
  if (a.out.empty()) throw UsageError("--out is required", "Name the folder of the report");
  a.summary.bootstrap.Validate();
}

// A column that is not there is said before hours of work.
void CheckColumns(const Arguments& a, const std::vector<RobustnessFile>& files) {
  SummaryOptions columns;
  columns.columns = a.summary.columns;
  Summarize(files, {}, columns);
}

RobustnessReport ReportOf(const Arguments& a, const std::vector<RobustnessFile>& files,
                          const RobustnessRun& run, const RobustnessOptions& options) {
  RobustnessReport report;
  report.options = a.summary;
  report.options.conditions = options.conditions;
  report.options.threshold = run.settings.threshold;
  report.summary = Summarize(files, run.records, report.options);
  report.settings = run.settings;
  report.excerpt = options.excerpt;
  report.seed = options.seed;
  report.forgeries = options.forgeries;
  report.forgery_means = run.forgery_means;
  report.failed = run.failed;
  report.manifest = a.manifest.filename().string();
  std::set<std::string> people;
  for (const RobustnessFile& file : files) {
    ++(file.label == 1 ? report.fake_files : report.real_files);
    people.insert(file.identity);
  }
  report.people = static_cast<int64_t>(people.size());
  return report;
}

RobustnessRun Measure(const Arguments& a, const std::vector<RobustnessFile>& files,
                      const RobustnessOptions& options) {
  const auto progress = MakeProgress("robustness", "measurements");
  const auto update = [&](int64_t done, int64_t total, const std::string& file) {
    if (file.empty() && done > 0) {
      PrintNote("going on: " + std::to_string(done) + " of " + std::to_string(total) +
                " were measured before");
    }
    progress->Update(done, total, file);
  };
  try {
    RobustnessRun run = MeasureRobustness(files, a.out, options, &GlobalCancelToken(), update);
    progress->Finish();
    return run;
  } catch (const Cancelled&) {
    progress->Finish();
    PrintNote("what was measured is kept; the same command goes on with it");
    throw;
  }
}

int Run(const Arguments& a) {
  if (a.list) return List(a.json);
  Check(a);
  RobustnessOptions options = a.robustness;
  options.detector = a.judging.Resolve();
  options.Validate();
  const std::vector<RobustnessFile> files = FilesOf(a);
  CheckColumns(a, files);
  const RobustnessRun run = Measure(a, files, options);
  for (const FailedFile& file : run.failed) PrintError(Error(file.why));
  if (run.records.empty()) {
    throw Error("no file could be measured", "The errors above say why");
  }
  const RobustnessReport report = ReportOf(a, files, run, options);
  const std::vector<fs::path> written = WriteRobustnessReport(a.out, report);
  a.json ? PrintJson(RobustnessJson(report)) : Print(RobustnessText(report));
  for (const fs::path& file : written) PrintNote("written: " + file.string());
  return run.failed.empty() ? 0 : 1;
}

void AddList(CLI::App& app, const char* name, std::vector<std::string>& values,
             const std::string& help) {
  app.add_option(name, values, help)->delimiter(',')->allow_extra_args(false);
}

}  // namespace

std::function<int()> ConfigureRobustness(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  RobustnessOptions& options = a->robustness;
  app.add_option("MODEL", a->judging.options.model,
                 "an ONNX model; by default the one that comes with the program");
  app.add_option("--manifest", a->manifest,
                 "labelled videos and pictures: a table with columns named in its first line, "
                 "file, label (real or fake) and, if known, identity, split, and any others for "
                 "--by");
  app.add_option("-o,--out", a->out, "folder of the report; a run that was stopped goes on in it");
  AddList(app, "--conditions", options.conditions,
          "what is done to the files, such as crf,jpeg; all unless given, see --list");
  app.add_flag("--list", a->list, "print the conditions and their levels, measure nothing");
  AddList(app, "--forge", options.forgeries,
          "also judge a forged copy of every real file by each of these, such as "
          "self-blend,warp: for those who have no fakes");
  AddList(app, "--by", a->summary.columns,
          "columns of the table, such as sex,origin,age: do false alarms differ between groups?");
  app.add_option("--split", a->split, "train, val, test or all")
      ->capture_default_str()
      ->check(CLI::IsMember({"train", "val", "test", "all"}).description(""));
  app.add_option("--seconds", options.excerpt.seconds, "of each video, from its middle")
      ->capture_default_str();
  app.add_option("--max-height", options.excerpt.max_height,
                 "higher videos are scaled down to so many pixels; 0: never")
      ->capture_default_str();
  AddSeedOption(app, options.seed, "of the conditions and the forged copies");
  app.add_option("--resamples", a->summary.bootstrap.resamples, "resamples of the bootstrap")
      ->capture_default_str();
  app.add_option("--jobs", options.jobs, "files side by side; 0: one per core, at most 8")
      ->capture_default_str();
  AddThreadsOption(app, a->judging.options.threads);
  AddJsonOption(app, a->json);
  AddScoringOptions(app, a->judging);
  AddSearchOptions(app, a->judging.options, "Search");
  app.footer(
      "Examples:\n"
      "  unmask robustness --manifest clips.tsv --out robustness\n"
      "  unmask robustness model.onnx --manifest faces.tsv --forge self-blend,warp \\\n"
      "    --conditions jpeg,face-size --by sex,age --out robustness\n\n"
      "How much do compression, down-scaling, blur, screens, filters, glasses and the\n"
      "like change AUC and false alarms? Writes report.html, report.md, robustness.json\n"
      "and figures; results.jsonl keeps what was measured, so that the same command\n"
      "goes on after Ctrl-C. docs/robustness.md defines every condition in numbers.");
  return [a] { return Run(*a); };
}

}  // namespace unmask
