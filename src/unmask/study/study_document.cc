#include "unmask/study/study_document.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "unmask/base/config.h"
#include "unmask/base/text.h"
#include "unmask/study/findings.h"
#include "unmask/study/tables.h"

namespace unmask {
namespace {

constexpr int64_t kFewIdentities = 20;  // below which intervals say little

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class DocumentWriter {
 public:
  DocumentWriter(const StudyPlan& plan, const std::vector<CellStatus>& statuses,
                 const FinishedCells& cells, const StudyAnalysis& analysis,
                 const std::vector<std::string>& remarks)
      : plan_(plan),
        remarks_(remarks),
        statuses_(statuses),
        cells_(cells),
        analysis_(analysis),
        is_paper_data_(analysis.is_paper_data) {
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
    return plan_.data_name == kPaperData ? "something else" : plan_.data_name;
  }

  // Every table says on which data it was measured where that is not the paper's.
  void AddTable(DocumentTable table) {
    if (!is_paper_data_) {
      table.caption += " – on " + DataName() + ", not on " + kPaperData;
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
      Add(Paragraph{"Measured on " + DataName() + ", **not on " + kPaperData + "**" +
                        (plan_.data_name == kPaperData
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
    const bool few =
        std::any_of(analysis_.intra.begin(), analysis_.intra.end(),
                    [](const IntraAnalysis& intra) { return intra.groups < kFewIdentities; });
    if (few) {
      Add(Paragraph{"The test videos are of fewer than " + std::to_string(kFewIdentities) +
                        " identities: intervals and p values are rough, and only large "
                        "differences can be found.",
                    true});
    }
    Say("How to read the tables: a number is the mean over the trainings of " +
        CountOf(plan_.seeds.size(), "seed") +
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
    size_t not_timed = 0;
    DocumentTable table{"", {"cell", "key", "model (SHA-256)", "temperature", "minutes"}, {}};
    for (const CellResult& result : cells_.results()) {
      machines.insert(result.machine);
      versions.insert(result.program_version);
      stores[result.recipe.value("quality", "")].insert(result.store_fingerprint);
      seconds += result.seconds;
      not_timed += result.seconds <= 0;
      table.rows.push_back(
          {{{result.name, "", false},
            {result.key, "", false},
            {result.model_sha256.substr(0, 16), "", false},
            {FormatFixed(result.temperature, 3), "", false},
            {result.seconds > 0 ? FormatFixed(result.seconds / 60, 1) : "–", "", false}}});
    }
    std::vector<std::string> items = {
        "Program: unmask " + Join({versions.begin(), versions.end()}, ", "),
        "Machine: " + Join({machines.begin(), machines.end()}, "; "),
        "Time of all trainings: " + FormatFixed(seconds / 3600, 2) + " hours" +
            (not_timed > 0 ? ", without " + std::to_string(not_timed) + " that were not timed"
                           : ""),
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

}  // namespace

Document StudyDocument(const StudyPlan& plan, const std::vector<CellStatus>& statuses,
                       const FinishedCells& cells, const StudyAnalysis& analysis,
                       const std::vector<StudyFigure>& figures,
                       const std::vector<std::string>& remarks) {
  return DocumentWriter(plan, statuses, cells, analysis, remarks).Write(figures);
}

}  // namespace unmask
