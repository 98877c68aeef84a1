#include "unmask/cli/verdict_output.h"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/lines_file.h"
#include "unmask/console/output.h"
#include "unmask/detect/verdict_text.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

class TextOutput : public VerdictOutput {
 public:
  explicit TextOutput(fs::path file) : file_(std::move(file)) {}

  void Add(size_t index, Verdict verdict) override {
    ++counts_[verdict.judgement];
    const bool failed = verdict.judgement == Judgement::kError;
    if (failed) PrintError(Error(verdict.error, verdict.remedy));
    waiting_[index] = failed && file_.empty() ? "" : DescribeVerdict(verdict);
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      text_ += waiting_.begin()->second;
      waiting_.erase(waiting_.begin());
      ++next_;
    }
    if (!file_.empty()) return;
    Print(text_);
    text_.clear();
  }

  void Finish() override {
    if (next_ > 1) text_ += DescribeCounts(counts_);
    file_.empty() ? Print(text_) : WriteTextFile(file_, text_);
  }

 private:
  const fs::path file_;
  JudgementCounts counts_;
  std::map<size_t, std::string> waiting_;  // for those before them
  size_t next_ = 0;
  std::string text_;
};

class JsonOutput : public VerdictOutput {
 public:
  JsonOutput(DetectionSettings settings, fs::path file)
      : settings_(std::move(settings)), file_(std::move(file)) {}

  void Add(size_t index, Verdict verdict) override {
    if (verdict.judgement == Judgement::kError) PrintError(Error(verdict.error, verdict.remedy));
    if (index >= verdicts_.size()) verdicts_.resize(index + 1);
    verdicts_[index] = std::move(verdict);
  }

  void Finish() override {
    const Json report = ToJson(settings_, verdicts_);
    file_.empty() ? PrintJson(report) : WriteJson(file_, report);
  }

 private:
  const DetectionSettings settings_;
  const fs::path file_;
  std::vector<Verdict> verdicts_;
};

class JsonLinesOutput : public VerdictOutput {
 public:
  JsonLinesOutput(DetectionSettings settings, const fs::path& file)
      : settings_(std::move(settings)) {
    if (!file.empty()) file_.emplace(file);
  }

  // The names of the files judged so far.
  std::set<std::string> Resume() {
    std::set<std::string> done;
    const Json head = ToJson(settings_, {});
    for (const std::string& line : file_->TakeLines()) {
      Json report = Json::parse(line, nullptr, false);
      const bool known = report.is_object() && report.contains("results") &&
                         report["results"].is_array() &&
                         report.value("schema", "") == head["schema"];
      if (!known) {
        throw Error(file_->path().string() + ": holds no verdicts of --json-lines",
                    "Give another name to --output");
      }
      for (const Json& result : std::exchange(report["results"], Json::array())) {
        if (result.value("verdict", "error") != NameOf(Judgement::kError)) {
          done.insert(result.value("file", ""));
        }
      }
      if (report != head) {
        throw UsageError(file_->path().string() +
                             ": was begun with other options: " + FirstDifference(report, head),
                         "Give the options of before, or another name to --output");
      }
    }
    return done;
  }

  void Add(size_t, Verdict verdict) override {
    ++counts_[verdict.judgement];
    if (verdict.judgement == Judgement::kError) PrintError(Error(verdict.error, verdict.remedy));
    std::vector<Verdict> one;
    one.push_back(std::move(verdict));
    const std::string line = FormatJsonLine(ToJson(settings_, one));
    file_ ? file_->Append(line) : Print(line + "\n");
  }

  void Finish() override {
    if (!file_) return;
    std::string summary = DescribeCounts(counts_);
    summary.pop_back();
    PrintNote(summary);
  }

 private:
  const DetectionSettings settings_;
  std::optional<LinesFile> file_;
  JudgementCounts counts_;
};

}  // namespace

std::unique_ptr<VerdictOutput> MakeTextOutput(const fs::path& file) {
  return std::make_unique<TextOutput>(file);
}

std::unique_ptr<VerdictOutput> MakeJsonOutput(const DetectionSettings& settings,
                                              const fs::path& file) {
  return std::make_unique<JsonOutput>(settings, file);
}

std::unique_ptr<VerdictOutput> MakeJsonLinesOutput(const DetectionSettings& settings,
                                                   const fs::path& file, bool resume,
                                                   std::set<std::string>& done) {
  std::error_code error;
  if (!resume && !file.empty() && fs::file_size(file, error) > 0 && !error) {
    throw UsageError(file.string() + ": is there already",
                     "Go on with it by --resume, or give another name to --output");
  }
  auto output = std::make_unique<JsonLinesOutput>(settings, file);
  if (!file.empty()) done = output->Resume();
  return output;
}

std::string NameInOutput(const fs::path& file) {
  return Json::parse(FormatJsonLine(Json(file.string())));
}

}  // namespace unmask
