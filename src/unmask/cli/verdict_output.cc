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

  void Begin(const DetectionSettings&) override {}

  void Add(size_t index, Verdict verdict) override {
    ++counts_[verdict.judgement];
    // On a terminal the error is there already.
    const bool failed = verdict.judgement == Judgement::kError;
    waiting_[index] = failed && file_.empty() ? "" : DescribeVerdict(verdict);
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      TakeFirst();
      ++next_;
    }
    if (file_.empty()) Print(std::exchange(text_, ""));
  }

  void Finish() override {
    if (next_ > 1) text_ += DescribeCounts(counts_);
    file_.empty() ? Print(text_) : WriteTextFile(file_, text_);
  }

  void Stop() override {
    if (!file_.empty()) return;
    while (!waiting_.empty()) TakeFirst();
    Print(text_);
  }

 private:
  void TakeFirst() {
    text_ += waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
  }

  const fs::path file_;
  JudgementCounts counts_;
  std::map<size_t, std::string> waiting_;  // for those before them
  size_t next_ = 0;
  std::string text_;
};

class JsonOutput : public VerdictOutput {
 public:
  explicit JsonOutput(fs::path file) : file_(std::move(file)) {}

  void Begin(const DetectionSettings& settings) override { settings_ = settings; }

  void Add(size_t index, Verdict verdict) override {
    if (index >= verdicts_.size()) verdicts_.resize(index + 1);
    verdicts_[index] = std::move(verdict);
  }

  void Finish() override {
    const Json report = ToJson(settings_, verdicts_);
    file_.empty() ? PrintJson(report) : WriteJson(file_, report);
  }

 private:
  const fs::path file_;
  DetectionSettings settings_;
  std::vector<Verdict> verdicts_;
};

class JsonLinesOutput : public VerdictOutput {
 public:
  explicit JsonLinesOutput(const fs::path& file) {
    if (!file.empty()) file_.emplace(file);
  }

  // The names of the files judged so far.
  std::set<std::string> ReadNames() {
    std::set<std::string> done;
    if (!file_) return done;
    file_->ReadLines([&](const std::string& line) {
      Json report;
      try {
        report = Json::parse(line);
        if (report.at("schema") != kHead["schema"]) Refuse();
        for (const Json& result : report.at("results")) {
          if (result.at("verdict") != NameOf(Judgement::kError)) done.insert(result.at("file"));
        }
      } catch (const Json::exception&) {
        Refuse();
      }
      report["results"] = Json::array();
      if (before_.is_null()) before_ = std::move(report);
      // Lines of several settings in one file are refused with the first that differs.
      else if (report != before_ && differing_.is_null())
        differing_ = std::move(report);
    });
    // A line that was cut short is dropped; somebody's text is not.
    const std::string beginning = FormatJsonLine(kHead);
    const std::string start = beginning.substr(0, beginning.size() - 1);
    const std::string& tail = file_->tail();
    if (!tail.starts_with(start) && !start.starts_with(tail)) Refuse();
    return done;
  }

  void Begin(const DetectionSettings& settings) override {
    settings_ = settings;
    const Json now = ToJson(settings_, {});
    for (const Json& before : {before_, differing_}) {
      if (before.is_null() || before == now) continue;
      throw UsageError(file_->path().string() +
                           ": was begun with other options: " + FirstDifference(before, now),
                       "Give the options of before, or another name to --output");
    }
  }

  void Add(size_t, Verdict verdict) override {
    ++counts_[verdict.judgement];
    std::vector<Verdict> one;
    one.push_back(std::move(verdict));
    const std::string line = FormatJsonLine(ToJson(settings_, one));
    file_ ? file_->Append(line) : Print(line + "\n");
  }

  void Finish() override {
    if (!file_ || counts_.empty()) return;
    std::string summary = DescribeCounts(counts_);
    summary.pop_back();
    PrintNote(summary);
  }

 private:
  [[noreturn]] void Refuse() const {
    throw Error(file_->path().string() + ": holds something else than verdicts of --json-lines",
                "Give another name to --output");
  }

  inline static const Json kHead = {{"schema", "unmask/detect"}};
  DetectionSettings settings_;
  std::optional<LinesFile> file_;
  Json before_, differing_;  // reports of before, without their results
  JudgementCounts counts_;
};

}  // namespace

std::unique_ptr<VerdictOutput> MakeTextOutput(const fs::path& file) {
  return std::make_unique<TextOutput>(file);
}

std::unique_ptr<VerdictOutput> MakeJsonOutput(const fs::path& file) {
  return std::make_unique<JsonOutput>(file);
}

std::unique_ptr<VerdictOutput> MakeJsonLinesOutput(const fs::path& file, bool resume,
                                                   std::set<std::string>& done) {
  std::error_code error;
  if (!resume && !file.empty() && fs::file_size(file, error) > 0 && !error) {
    throw UsageError(file.string() + ": is there already",
                     "Go on with it by --resume, or give another name to --output");
  }
  auto output = std::make_unique<JsonLinesOutput>(file);
  done = output->ReadNames();
  return output;
}

bool IsDone(const fs::path& file, const std::set<std::string>& done) {
  if (done.empty()) return false;
  const std::string name = file.string();
  const std::string printed = Json::parse(FormatJsonLine(Json(name)));
  return printed == name && done.contains(name);
}

}  // namespace unmask
