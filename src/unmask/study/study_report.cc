#include "unmask/study/study_report.h"

#include "unmask/base/atomic_file.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/report/critical_difference.h"
#include "unmask/study/findings.h"
#include "unmask/study/study_document.h"
#include "unmask/study/tables.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

Json CellsJson(const std::vector<CellStatus>& statuses, const FinishedCells& cells) {
  Json list = Json::array();
  for (const CellResult& result : cells.results()) {
    list.push_back({{"name", result.name},
                    {"key", result.key},
                    {"program_version", result.program_version},
                    {"model_sha256", result.model_sha256},
                    {"temperature", result.temperature},
                    {"store_fingerprint", result.store_fingerprint},
                    {"machine", result.machine},
                    {"seconds", result.seconds}});
  }
  for (const CellStatus& status : statuses) {
    if (status.why.empty()) continue;
    list.push_back({{"name", status.cell.name()}, {"key", status.cell.key}, {"why", status.why}});
  }
  return list;
}

Json ReportJson(const StudyPlan& plan, const std::vector<CellStatus>& statuses,
                const FinishedCells& cells, const StudyAnalysis& analysis) {
  Json findings = Json::array();
  for (const Finding& finding : FindingsOf(plan, analysis)) {
    findings.push_back({{"question", finding.question}, {"answers", finding.answers}});
  }
  Json json = {{"schema", "unmask/study-report"},
               {"version", 1},
               {"program_version", kVersion},
               {"plan", plan.name},
               {"data", plan.data_name},
               {"is_paper_data", analysis.is_paper_data},
               {"cells", CellsJson(statuses, cells)},
               {"findings", std::move(findings)}};
  for (const LongTable& table : LongTables(analysis)) json[table.name] = table.AsJson();
  return json;
}

}  // namespace

StudyReport WriteStudyReport(const StudyPlan& plan, const std::vector<CellStatus>& statuses,
                             const StudyFolder& folder, const std::vector<StudyFigure>& figures,
                             const std::vector<std::string>& missing) {
  StudyReport report{.files = {}, .remarks = missing};
  std::vector<Cell> all;
  for (const CellStatus& status : statuses) all.push_back(status.cell);
  const FinishedCells cells(plan, all, folder, report.remarks);
  if (cells.results().empty()) {
    throw Error(folder.path().string() + ": no cell is finished, so there is nothing to report",
                "Run the study first");
  }
  const StudyAnalysis analysis = AnalyseStudy(plan, cells, report.remarks);
  std::vector<StudyFigure> drawn = figures;
  if (analysis.ranks) {
    const fs::path file = folder.NewFigure("critical_difference.png");
    try {
      WriteCriticalDifference(file, {.title = "Average ranks by AUC",
                                     .names = analysis.ranks->losses,
                                     .friedman = analysis.ranks->friedman,
                                     .alpha = 1 - plan.level});
      drawn.push_back(
          {file, "",
           "Average ranks of the losses by AUC over " +
               std::to_string(analysis.ranks->blocks.size()) +
               " blocks (a quality and a manipulation each), best at the left. A bar "
               "joins losses that the Nemenyi test cannot tell apart. The blocks are not "
               "independent (they share models, real videos and clips), so that the test "
               "finds differences too easily.",
           "Critical-difference diagram of the losses"});
      report.files.push_back(file);
    } catch (const Error& e) {
      report.remarks.emplace_back(e.what());
    }
  }
  const Document document = StudyDocument(plan, statuses, cells, analysis, drawn, report.remarks);
  const auto write = [&](const fs::path& file, const std::string& text) {
    WriteTextFile(file, text);
    report.files.push_back(file);
  };
  write(folder.path() / "report.md", ToMarkdown(document, folder.path()));
  write(folder.path() / "report.html", ToHtml(document));
  WriteJson(folder.path() / "report.json", ReportJson(plan, statuses, cells, analysis));
  report.files.push_back(folder.path() / "report.json");
  for (const LongTable& table : LongTables(analysis)) {
    write(folder.path() / "tables" / (table.name + ".csv"), table.Csv());
  }
  return report;
}

}  // namespace unmask
