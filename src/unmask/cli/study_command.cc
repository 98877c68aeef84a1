#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/training_program.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/study/study_report.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string plan;
  fs::path output;
  fs::path data;
  std::vector<fs::path> stores;
  std::string shard;
  bool list = false;
  bool prepare = false;
  bool report = false;
  bool json = false;
  StudyOptions options;
};

StudyPrograms ProgramsBesideThis() {
  std::error_code ignored;
  const StudyPrograms programs{fs::read_symlink("/proc/self/exe", ignored), TrainingProgram()};
  if (!fs::exists(programs.train, ignored)) {
    throw Error("the training program " + programs.train.string() + " does not exist",
                "Build with -DUNMASK_TRAINING=ON, which needs LibTorch (run ./setup)");
  }
  return programs;
}

StudyPlan ReadPlan(const Arguments& a) {
  StudyPlan plan = ReadStudyPlan(FindStudyPlan(a.plan));
  if (!a.data.empty() && !a.stores.empty()) {
    throw UsageError("--data and --store are both given", "Give one of them");
  }
  if (!a.data.empty()) {
    plan.data_root = a.data;
    plan.stores.clear();
  }
  if (!a.stores.empty()) {
    plan.stores = a.stores;
    plan.data_root.clear();
  }
  return plan;
}

// The stores that are there already.
std::vector<fs::path> ReadyStores(const StudyPlan& plan, const StudyFolder& folder) {
  if (!plan.stores.empty()) return plan.stores;
  std::vector<fs::path> stores;
  std::error_code error;
  for (const std::string& quality : plan.qualities) {
    const fs::path store = folder.store(quality);
    if (!fs::exists(store, error)) continue;
    try {
      ReadCropStoreInfo(store);
      stores.push_back(store);
    } catch (const Error&) {  // unfinished: `prepare` goes on with it
    }
  }
  return stores;
}

const char* NameOf(CellState state) {
  switch (state) {
    case CellState::kFinished:
      return "finished";
    case CellState::kUnfinished:
      return "open";
    case CellState::kElsewhere:
      return "running";
    case CellState::kFailed:
      return "failed";
    case CellState::kNoData:
      return "no data";
  }
  return "";
}

int64_t CountOfState(const std::vector<CellStatus>& statuses, CellState state) {
  return std::count_if(statuses.begin(), statuses.end(),
                       [&](const CellStatus& status) { return status.state == state; });
}

Json ToJson(const std::vector<CellStatus>& statuses) {
  Json cells = Json::array();
  for (const CellStatus& status : statuses) {
    cells.push_back({{"number", status.cell.number},
                     {"name", status.cell.name()},
                     {"key", status.cell.key},
                     {"state", NameOf(status.state)},
                     {"why", status.why}});
  }
  return cells;
}

int List(const Arguments& a, const std::vector<CellStatus>& statuses) {
  if (a.json) {
    PrintJson({{"schema", "unmask/study-list"}, {"version", 1}, {"cells", ToJson(statuses)}});
    return 0;
  }
  size_t width = 4;
  for (const CellStatus& status : statuses) width = std::max(width, status.cell.name().size());
  std::string text;
  for (const CellStatus& status : statuses) {
    const std::string number = std::to_string(status.cell.number), name = status.cell.name();
    text += std::string(number.size() < 4 ? 4 - number.size() : 0, ' ') + number + "  " + name +
            std::string(width - name.size() + 2, ' ') + NameOf(status.state);
    if (!status.why.empty()) text += ": " + Printable(status.why);
    text += "\n";
  }
  Print(text + std::to_string(CountOfState(statuses, CellState::kFinished)) + " of " +
        CountOf(statuses.size(), "cell") + " finished\n");
  return 0;
}

std::vector<fs::path> PrepareAll(const Arguments& a, const StudyPlan& plan,
                                 const StudyFolder& folder, const StudyPrograms& programs) {
  if (!plan.stores.empty()) return plan.stores;
  if (plan.data_root.empty()) {
    throw UsageError(plan.file.string() + ": names no data",
                     "Give --data with a folder in the layout '" + plan.layout +
                         "', or --store with prepared faces");
  }
  const auto progress = MakeProgress("prepare", "qualities");
  int64_t done = 0;
  const auto total = static_cast<int64_t>(plan.qualities.size());
  std::vector<fs::path> stores = PrepareStores(
      plan, folder, programs, a.options.threads, &GlobalCancelToken(),
      [&](const std::string& quality, const std::string& line) {
        progress->Update(done, total, quality + ": " + line);
      },
      [&](const std::string& quality, const Error& e) {
        progress->Finish();
        PrintError(
            Error("the faces of " + quality + " were not prepared: " + e.problem(), e.remedy()));
      });
  progress->Finish();
  if (stores.empty()) throw Error("no faces could be prepared, see above");
  return stores;
}

int Work(const Arguments& a, const StudyPlan& plan, const StudyFolder& folder) {
  const StudyPrograms programs = ProgramsBesideThis();
  folder.Make();
  CheckTrainingOptions(plan, ChooseCells(CellsOf(plan, {}), a.options), programs);
  const std::vector<fs::path> stores = a.options.cells.empty() && a.shard.empty()
                                           ? PrepareAll(a, plan, folder, programs)
                                           : ReadyStores(plan, folder);
  if (a.prepare) return stores.size() < plan.qualities.size() && plan.stores.empty() ? 1 : 0;
  if (stores.empty()) {
    throw Error(folder.path().string() + ": no faces are prepared",
                "Run `unmask study " + a.plan + " --prepare` first");
  }
  const StudyData data = OpenStudyData(stores, plan);
  const std::vector<Cell> cells =
      ChooseCells(CellsOf(plan, KeyFingerprints(plan, data)), a.options);
  const auto progress = MakeProgress("study", "cells");
  const std::vector<CellStatus> statuses = RunCells(
      plan, cells, data, folder, programs, a.options, &GlobalCancelToken(),
      [&](const StudyProgress& p) { progress->Update(p.done + p.failed, p.total, p.note); },
      [&](const CellStatus& status) {
        progress->Finish();
        PrintError(Error("cell " + status.cell.name() + ": " + status.why));
      });
  progress->Finish();
  const int64_t finished = CountOfState(statuses, CellState::kFinished);
  const int64_t elsewhere = CountOfState(statuses, CellState::kElsewhere);
  if (a.json) {
    PrintJson({{"schema", "unmask/study-list"}, {"version", 1}, {"cells", ToJson(statuses)}});
  } else {
    Print(std::to_string(finished) + " of " + CountOf(statuses.size(), "cell") + " finished" +
          (elsewhere > 0 ? ", another process is at " + std::to_string(elsewhere) : "") + "\n");
  }
  return finished + elsewhere == static_cast<int64_t>(statuses.size()) ? 0 : 1;
}

// All cells of the plan, whoever did them, into the report.
// Returns whether nothing is missing that was to be drawn or computed.
bool Report(const Arguments& a, const StudyPlan& plan, const StudyFolder& folder) {
  const std::vector<fs::path> stores = ReadyStores(plan, folder);
  std::optional<StudyData> data;
  if (!stores.empty()) data = OpenStudyData(stores, plan);
  const StudyData* const known = data ? &*data : nullptr;
  const std::vector<Cell> cells =
      CellsOf(plan, data ? KeyFingerprints(plan, *data) : plan.fingerprints);
  const auto progress = MakeProgress("figures", "drawn");
  std::vector<std::string> remarks;
  const std::vector<StudyFigure> figures =
      DrawStudyFigures(plan, cells, known, folder, a.options.threads, remarks, &GlobalCancelToken(),
                       [&](const std::string& what) { progress->Update(0, 0, what); });
  progress->Finish();
  const StudyReport report =
      WriteStudyReport(plan, StatusOf(plan, cells, known, folder), folder, figures, remarks);
  for (const std::string& remark : report.remarks) PrintNote(remark);
  PrintNote("report: " + (folder.path() / "report.html").string());
  return report.remarks.empty();
}

int Run(Arguments& a) {
  if (!a.shard.empty()) ParseShard(a.shard, a.options.shard, a.options.shards);
  a.options.Validate();
  const StudyPlan plan = ReadPlan(a);
  if (a.output.empty()) a.output = "study-" + plan.name;
  const StudyFolder folder(a.output, plan);
  if (a.report) {
    folder.Make();
    return Report(a, plan, folder) ? 0 : 1;
  }
  if (!a.list) {
    const int code = Work(a, plan, folder);
    const bool in_parts = !a.options.cells.empty() || !a.shard.empty() || a.prepare;
    const bool whole = in_parts || Report(a, plan, folder);
    return whole ? code : 1;
  }
  const std::vector<fs::path> stores = ReadyStores(plan, folder);
  std::optional<StudyData> data;
  if (!stores.empty()) data = OpenStudyData(stores, plan);
  const std::vector<Cell> cells = ChooseCells(
      CellsOf(plan, data ? KeyFingerprints(plan, *data) : plan.fingerprints), a.options);
  return List(a, StatusOf(plan, cells, data ? &*data : nullptr, folder));
}

}  // namespace

std::function<int()> ConfigureStudy(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  app.add_option(
         "PLAN", a->plan,
         "a plan (TOML), or the name of one that comes with the program: paper, mini, smoke")
      ->required();
  app.add_option("-o,--out", a->output,
                 "folder of the study: faces, trainings, results, report; by default study-NAME")
      ->type_name("FOLDER");
  app.add_option("--data", a->data, "folder of the videos, in place of the plan's")
      ->type_name("FOLDER");
  app.add_option("--store", a->stores,
                 "faces of `unmask prepare`, in place of the plan's data; they say their quality")
      ->type_name("STORE ...");
  CLI::Option* const list =
      app.add_flag("--list", a->list, "show the cells of the matrix and how far they are");
  CLI::Option* const prepare =
      app.add_flag("--prepare", a->prepare, "prepare the faces and stop")->excludes(list);
  app.add_flag("--report", a->report,
               "write the report from the cells that are finished, and do none")
      ->excludes(list)
      ->excludes(prepare);
  app.add_option("--cell", a->options.cells,
                 "do these alone: numbers or names of --list; may be repeated")
      ->type_name("CELL ...");
  app.add_option("--shard", a->shard,
                 "i/n: do every n-th cell, from the i-th; several machines may share the folder");
  app.add_option("--jobs", a->options.jobs, "cells that are done side by side")
      ->capture_default_str();
  AddThreadsOption(app, a->options.threads);
  AddJsonOption(app, a->json);
  app.footer(
      "Examples:\n"
      "  unmask study paper --data FaceForensics++ --out study\n"
      "  unmask study paper --data FaceForensics++ --out study --list\n"
      "  unmask study paper --out study --cell $SLURM_ARRAY_TASK_ID  # after --prepare\n\n"
      "Trains a model for every cell (quality, loss, classes, seed), scores it, and\n"
      "writes the report from all that is finished. A finished cell is never done again\n"
      "while its options and faces stay the same; start again after an interruption.\n"
      "docs/study.md explains plans and report.");
  return [a] { return Run(*a); };
}

}  // namespace unmask
