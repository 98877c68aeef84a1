#include "unmask/study/study_report.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "unmask/base/atomic_file.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/report/critical_difference.h"
#include "unmask/study/findings.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr char kPaper[] = "FaceForensics++";

constexpr int64_t kPaperTestVideos = 140;  // of each class
constexpr int64_t kFewIdentities = 20;     // below which intervals say little

// A name is soon given: the test split must have the size of the paper's.
bool IsPaperData(const StudyPlan& plan, const StudyAnalysis& analysis) {
  const auto videos = kPaperTestVideos * static_cast<int64_t>(plan.classes.size() + 1);
  return plan.data_name == kPaper &&
         std::all_of(analysis.intra.begin(), analysis.intra.end(), [&](const IntraAnalysis& i) {
           return i.real + i.fake + i.no_score == videos;
         });
}

// What cannot be computed goes to `remarks`.
StudyAnalysis Analyse(const StudyPlan& plan, const FinishedCells& cells,
                      std::vector<std::string>& remarks) {
  StudyAnalysis analysis;
  const auto try_to = [&](const std::string& what, const auto& compute) {
    try {
      compute();
    } catch (const Error& e) {
      remarks.push_back(what + " could not be computed: " + e.what());
    }
  };
  for (const std::string& quality : plan.qualities) {
    if (cells.LossesOf(quality, "").empty()) continue;
    try_to("the tables of " + quality,
           [&] { analysis.intra.push_back(AnalyseIntra(plan, cells, quality)); });
    try_to("the fusions of " + quality,
           [&] { analysis.fusion.push_back(AnalyseFusion(plan, cells, quality)); });
  }
  for (const std::string& quality : plan.cross_class_qualities) {
    try_to("the cross-class tables of " + quality, [&] {
      CrossClassAnalysis cross = AnalyseCrossClass(plan, cells, quality);
      if (!cross.losses.empty()) analysis.cross_class.push_back(std::move(cross));
    });
  }
  try_to("the ranks", [&] { analysis.ranks = AnalyseRanks(plan, cells); });
  return analysis;
}

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class ReportWriter {
 public:
  ReportWriter(const StudyPlan& plan, const std::vector<CellStatus>& statuses,
               const FinishedCells& cells, const StudyAnalysis& analysis,
               const std::vector<std::string>& remarks)
      : plan_(plan),
        remarks_(remarks),
        statuses_(statuses),
        cells_(cells),
        analysis_(analysis),
        is_paper_data_(IsPaperData(plan, analysis)) {
    document_.title = plan.title;
  }

  Document Write(const std::vector<StudyFigure>& figures) {
    Head();
    Findings();
    Intra();
    Comparisons(figures);
    CrossClass();
    Fusion();
    Pictures(figures);
    HowItWasMade();
    return std::move(document_);
  }

 private:
  void Add(Block block) { document_.blocks.push_back(std::move(block)); }
  void Say(const std::string& text) { Add(Paragraph{text}); }

  // What the data are called where they are not the paper's.
  std::string DataName() const {
    return plan_.data_name == kPaper ? "something else" : plan_.data_name;
  }

  // Every table says on which data it was measured where that is not the paper's.
  void AddTable(DocumentTable table) {
    if (!is_paper_data_) {
      table.caption += " – on " + DataName() + ", not on " + kPaper;
    }
    Add(std::move(table));
  }

  int64_t CountOfState(CellState state) const {
    return std::count_if(statuses_.begin(), statuses_.end(),
                         [&](const CellStatus& status) { return status.state == state; });
  }

  void Head() {
    Say("The matrix of “An Experimental Evaluation of Recent Face Recognition Losses for Deepfake "
        "Detection” (ICPR 2020), made by `unmask study` " +
        std::string(kVersion) + " from the plan `" + plan_.name + "`.");
    if (!is_paper_data_) {
      Add(Paragraph{"Measured on " + DataName() + ", **not on " + kPaper + "**" +
                        (plan_.data_name == kPaper
                             ? ": its test split does not have 140 videos of every class. The"
                             : ". The") +
                        " paper's numbers stand beside ours for orientation; a difference "
                        "says nothing about whether the paper can be reproduced." +
                        (plan_.data_note.empty() ? "" : " " + plan_.data_note),
                    true});
    }
    const int64_t finished = CountOfState(CellState::kFinished);
    if (finished < static_cast<int64_t>(statuses_.size())) {
      Add(Paragraph{std::to_string(finished) + " of " + CountOf(statuses_.size(), "cell") +
                        " are finished; what is missing is not in the tables.",
                    true});
    }
    std::vector<std::string> counts;
    for (const IntraAnalysis& intra : analysis_.intra) {
      counts.push_back(
          intra.quality + ": " + std::to_string(intra.real) + " real and " +
          std::to_string(intra.fake) + " fake test videos of " + std::to_string(intra.groups) +
          " identities" +
          (intra.no_score > 0 ? ", " + std::to_string(intra.no_score) + " without a score" : ""));
    }
    if (!counts.empty()) Add(BulletList{counts});
    Say("How to read the tables: a number is the mean over " + CountOf(plan_.seeds.size(), "seed") +
        (plan_.seeds.size() > 1 ? " ± standard deviation" : "") +
        ". Below it stand the interval (" + FormatFixed(100 * plan_.level, 0) +
        " %, bootstrap over identities: what other videos would do, not other trainings), the "
        "paper's number and the difference to it, with a star where the paper's number lies "
        "outside our interval. The best is bold. Scores are those before calibration unless said "
        "otherwise, a video is called fake at a score of " +
        FormatFixed(plan_.threshold, 2) + " or more.");
  }

  void Findings() {
    const std::vector<Finding> findings = FindingsOf(plan_, analysis_);
    if (findings.empty()) return;
    Add(Heading{2, "What came out"});
    for (const Finding& finding : findings) {
      Add(Heading{3, finding.question});
      Add(BulletList{finding.answers});
    }
  }

  void Intra() {
    if (analysis_.intra.empty()) return;
    Add(Heading{2, "Trained and tested on all manipulations"});
    Say("MF: vote over faces, MT: vote over tracks, AT: mean over tracks. Where a vote is scored, "
        "the score is the mean of the side that won.");
    for (const IntraAnalysis& intra : analysis_.intra) {
      Add(Heading{3, intra.quality});
      for (DocumentTable& table : IntraTables(intra)) AddTable(std::move(table));
    }
  }

  void Comparisons(const std::vector<StudyFigure>& figures) {
    const bool any = std::any_of(analysis_.intra.begin(), analysis_.intra.end(),
                                 [](const IntraAnalysis& intra) { return !intra.pairs.empty(); });
    if (!any) return;
    Add(Heading{2, "Which losses differ"});
    Say("Differences of AUC (AT) by paired bootstrap over identities, in points, with p values as "
        "they are and corrected for all pairs of a quality (Holm); DeLong's test beside them, "
        "where identities are drawn as one.");
    for (const StudyFigure& figure : figures) {
      if (figure.title.empty()) AddFigure(figure);
    }
    for (const IntraAnalysis& intra : analysis_.intra)
      AddTable(LossPairsTable(intra, 1 - plan_.level));
  }

  void CrossClass() {
    if (analysis_.cross_class.empty()) return;
    Add(Heading{2, "Trained on one manipulation, tested on each"});
    Say("DF: Deepfakes, F2F: Face2Face, FS: FaceSwap, NT: NeuralTextures; always with the real "
        "videos (P). Videos are scored by AT. The paper does not say at which quality it measured; "
        "its numbers stand beside every quality here.");
    for (const CrossClassAnalysis& cross : analysis_.cross_class) {
      AddTable(CrossClassMeans(cross));
      for (DocumentTable& table : CrossClassTables(cross)) AddTable(std::move(table));
    }
  }

  void Fusion() {
    const bool any =
        std::any_of(analysis_.fusion.begin(), analysis_.fusion.end(),
                    [](const FusionAnalysis& fusion) { return !fusion.best_single.empty(); });
    if (!any) return;
    Add(Heading{2, "Two and more models fused"});
    Say("Faces are fused before videos are scored: by the mean of the calibrated probabilities "
        "(probability), of those before calibration (raw-probability), or of the calibrated log "
        "odds (logit). What is chosen is chosen on the split val. The paper does not say how it "
        "fuses.");
    for (const FusionAnalysis& fusion : analysis_.fusion) {
      if (fusion.best_single.empty()) continue;
      Add(Heading{3, fusion.quality});
      Say("The best single model on val is " + fusion.best_single + ".");
      if (!fusion.named.empty()) {
        AddTable(FusionTable(fusion.quality + ": the plan's pairs", fusion.named));
      }
      if (!fusion.greedy.empty()) {
        AddTable(FusionTable(fusion.quality + ": chosen step by step on val", fusion.greedy));
      }
      if (!fusion.pairs.empty()) AddTable(PairsTable(fusion));
    }
  }

  void AddFigure(const StudyFigure& figure) {
    Add(DocumentFigure{figure.file, figure.caption, figure.description});
  }

  void Pictures(const std::vector<StudyFigure>& figures) {
    for (const StudyFigure& figure : figures) {
      if (figure.title.empty()) continue;  // it stands with the comparisons
      Add(Heading{2, figure.title});
      AddFigure(figure);
    }
  }

  void HowItWasMade() {
    Add(Heading{2, "How it was made"});
    std::set<std::string> machines, versions;
    std::map<std::string, std::set<std::string>> stores;
    double seconds = 0;
    DocumentTable table{"", {"cell", "key", "model (SHA-256)", "temperature", "minutes"}, {}};
    for (const CellResult& result : cells_.results()) {
      machines.insert(result.machine);
      versions.insert(result.program_version);
      stores[result.recipe.value("quality", "")].insert(result.store_fingerprint);
      seconds += result.seconds;
      table.rows.push_back({{{result.name, "", false},
                             {result.key, "", false},
                             {result.model_sha256.substr(0, 16), "", false},
                             {FormatFixed(result.temperature, 3), "", false},
                             {FormatFixed(result.seconds / 60, 1), "", false}}});
    }
    std::vector<std::string> items = {
        "Program: unmask " + Join({versions.begin(), versions.end()}, ", "),
        "Machine: " + Join({machines.begin(), machines.end()}, "; "),
        "Time of all trainings: " + FormatFixed(seconds / 3600, 2) + " hours",
    };
    for (const auto& [quality, fingerprints] : stores) {
      items.push_back(
          "Faces of " + quality + ": " + Join({fingerprints.begin(), fingerprints.end()}, " and ") +
          (fingerprints.size() > 1 ? " (**cells were made on different stores**)" : ""));
    }
    for (const CellStatus& status : statuses_) {
      if (status.state != CellState::kFailed && status.state != CellState::kNoData) continue;
      items.push_back("**Missing**: " + status.cell.name() + ": " + status.why);
    }
    for (const std::string& remark : remarks_) items.push_back("**Missing**: " + remark);
    Add(BulletList{items});
    Add(std::move(table));
    Add(Heading{3, "The plan"});
    Add(CodeText{ReadText(plan_.file)});
  }

  const StudyPlan& plan_;
  const std::vector<std::string>& remarks_;
  const std::vector<CellStatus>& statuses_;
  const FinishedCells& cells_;
  const StudyAnalysis& analysis_;
  const bool is_paper_data_;
  Document document_;
};

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
               {"is_paper_data", IsPaperData(plan, analysis)},
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
  const StudyAnalysis analysis = Analyse(plan, cells, report.remarks);
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
  const Document document =
      ReportWriter(plan, statuses, cells, analysis, report.remarks).Write(drawn);
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
