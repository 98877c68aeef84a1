#include "unmask/robustness/summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/score/multiple_comparisons.h"

namespace unmask {
namespace {

// Scored items of one level.
struct Items {
  std::vector<double> scores;
  std::vector<int> labels;
  std::vector<int> people;
  std::vector<int> called_fake;

  void Add(double score, int label, int person, bool fake) {
    scores.push_back(score);
    labels.push_back(label);
    people.push_back(person);
    called_fake.push_back(fake ? 1 : 0);
  }
};

Rate RateOfLabel(const Items& items, int label, double level) {
  std::vector<int> events, people;
  for (size_t i = 0; i < items.labels.size(); ++i) {
    if (items.labels[i] != label) continue;
    events.push_back(items.called_fake[i]);
    people.push_back(items.people[i]);
  }
  return RateOf(events, people, level);
}

void Measure(const Items& items, const SummaryOptions& options, LevelSummary& summary) {
  const BootstrapOptions& bootstrap = options.bootstrap;
  summary.false_alarms = RateOfLabel(items, 0, bootstrap.level);
  summary.found = RateOfLabel(items, 1, bootstrap.level);
  if (summary.false_alarms.items == 0 || summary.found.items == 0) return;
  ScoredItems scored;
  scored.scores = items.scores;
  scored.labels = items.labels;
  scored.groups = items.people;
  summary.auc = Evaluate(scored, {.threshold = options.threshold,
                                  .level = bootstrap.level,
                                  .resamples = bootstrap.resamples,
                                  .seed = bootstrap.seed})
                    .auc;
}

class Summarizer {
 public:
  Summarizer(const std::vector<RobustnessFile>& files, const std::vector<RobustnessRecord>& records,
             const SummaryOptions& options)
      : options_(options) {
    std::map<std::string, int> people;
    for (const RobustnessFile& file : files) {
      const int person =
          people.emplace(file.identity, static_cast<int>(people.size())).first->second;
      known_[file.file.string()] = {&file, person};
    }
    for (const RobustnessRecord& record : records) {
      if (!known_.contains(record.file)) throw Error(record.file + ": is measured but not listed");
      by_level_[{record.condition, record.level}].push_back(&record);
    }
  }

  LevelSummary Plain(const std::string& condition, double level) const {
    LevelSummary summary{.level = level};
    Items items;
    for (const RobustnessRecord* record : RecordsAt(condition, level)) {
      if (!Count(*record, summary)) continue;
      items.Add(record->score, LabelOf(*record), PersonOf(*record), record->fake);
    }
    Measure(items, options_, summary);
    return summary;
  }

  // The faces of a file whose turn lies in the range are one item with their mean score.
  LevelSummary Turned(double from, double to) const {
    LevelSummary summary{.level = from};
    Items items;
    for (const RobustnessRecord* record : RecordsAt(kUndisturbed, 0)) {
      ++summary.files;
      double sum = 0;
      int count = 0;
      for (const auto& [turn, score] : record->turned_faces) {
        if (turn < from || turn >= to) continue;
        sum += score;
        ++count;
      }
      if (record->outcome == RobustnessOutcome::kNoFace) {
        ++summary.no_face;
      } else if (count == 0) {
        LeaveOut("no face of it is turned by so many degrees", 1, summary);
      } else {
        items.Add(sum / count, LabelOf(*record), PersonOf(*record),
                  sum / count >= options_.threshold);
      }
    }
    Measure(items, options_, summary);
    return summary;
  }

  // People of scenes are the items; those that nobody found in it count as without a face. A person
  // who accompanies several fakes is drawn with each fake, not as one.
  LevelSummary Scenes(const std::string& condition, double people) const {
    LevelSummary summary{.level = people};
    Items items;
    std::vector<int> verdicts, persons;
    for (const RobustnessRecord* record : RecordsAt(condition, people)) {
      if (record->people.empty()) {  // there was no scene
        const auto all = static_cast<int64_t>(people);
        summary.files += all;
        if (record->outcome == RobustnessOutcome::kLeftOut) {
          LeaveOut(record->why, all, summary);
        } else {
          summary.no_face += all;
        }
        continue;
      }
      for (const auto& [label, score] : record->people) {
        ++summary.files;
        if (std::isnan(score)) {
          ++summary.no_face;
        } else {
          items.Add(score, label, PersonOf(*record), score >= options_.threshold);
        }
      }
      verdicts.push_back(record->fake ? 1 : 0);
      persons.push_back(PersonOf(*record));
    }
    Measure(items, options_, summary);
    summary.scenes_called_fake = RateOf(verdicts, persons, options_.bootstrap.level);
    return summary;
  }

  ConditionSummary Of(const Condition& condition) const {
    ConditionSummary summary{.condition = &condition, .levels = {}};
    const std::string name(condition.name);
    for (size_t i = 0; i < condition.levels.size(); ++i) {
      const double level = condition.levels[i];
      if (condition.kind == ConditionKind::kHeadTurn) {
        const bool last = i + 1 == condition.levels.size();
        summary.levels.push_back(Turned(level, last ? 91 : condition.levels[i + 1]));
      } else if (condition.kind == ConditionKind::kSeveralFaces) {
        summary.levels.push_back(Scenes(name, level));
      } else {
        summary.levels.push_back(Plain(name, level));
      }
    }
    return summary;
  }

  GroupSummary By(const std::string& column) const {
    GroupSummary summary;
    summary.column = column;
    std::vector<int> events, people;
    std::vector<std::string> groups;
    for (const RobustnessRecord* record : RecordsAt(kUndisturbed, 0)) {
      if (record->outcome != RobustnessOutcome::kJudged || LabelOf(*record) != 0) continue;
      const auto& attributes = known_.at(record->file).file->attributes;
      const auto value = attributes.find(column);
      if (value == attributes.end() || value->second.empty()) {
        ++summary.without;
        continue;
      }
      events.push_back(record->fake ? 1 : 0);
      people.push_back(PersonOf(*record));
      groups.push_back(value->second);
    }
    summary.comparison = CompareGroups(events, people, groups, options_.bootstrap.level,
                                       options_.permutations, options_.bootstrap.seed);
    return summary;
  }

 private:
  struct Known {
    const RobustnessFile* file;
    int person;
  };

  const std::vector<const RobustnessRecord*>& RecordsAt(const std::string& condition,
                                                        double level) const {
    static const std::vector<const RobustnessRecord*> none;
    const auto found = by_level_.find({condition, level});
    return found == by_level_.end() ? none : found->second;
  }

  int LabelOf(const RobustnessRecord& record) const {
    return !record.forgery.empty() || known_.at(record.file).file->label == 1 ? 1 : 0;
  }
  int PersonOf(const RobustnessRecord& record) const { return known_.at(record.file).person; }

  static void LeaveOut(const std::string& why, int64_t count, LevelSummary& summary) {
    summary.left_out += count;
    summary.why_left_out[why] += count;
  }

  // True for a record with a score.
  static bool Count(const RobustnessRecord& record, LevelSummary& summary) {
    ++summary.files;
    summary.no_face += record.outcome == RobustnessOutcome::kNoFace;
    if (record.outcome == RobustnessOutcome::kLeftOut) LeaveOut(record.why, 1, summary);
    return record.outcome == RobustnessOutcome::kJudged;
  }

  const SummaryOptions& options_;
  std::map<std::string, Known> known_;
  std::map<std::pair<std::string, double>, std::vector<const RobustnessRecord*>> by_level_;
};

void CheckColumns(const std::vector<RobustnessFile>& files,
                  const std::vector<std::string>& columns) {
  std::set<std::string> known;
  for (const RobustnessFile& file : files) {
    for (const auto& [name, value] : file.attributes) known.insert(name);
  }
  for (const std::string& column : columns) {
    if (!known.contains(column)) {
      ThrowUnknownName("column", column, {known.begin(), known.end()});
    }
    std::map<std::string, std::string> of_person;
    for (const RobustnessFile& file : files) {
      const auto value = file.attributes.find(column);
      if (value == file.attributes.end() || value->second.empty()) continue;
      const auto& [person, first] = *of_person.emplace(file.identity, value->second).first;
      if (first == value->second) continue;
      throw UsageError(
          "the column " + column + " says " + first + " and " + value->second +
              " of files of one person, " + person,
          "Groups are of people: leave it out, or give files that differ in it "
          "different identities: without a column identity, files of one name count as "
          "one person");
    }
  }
}

}  // namespace

RobustnessSummary Summarize(const std::vector<RobustnessFile>& files,
                            const std::vector<RobustnessRecord>& records,
                            const SummaryOptions& options) {
  CheckColumns(files, options.columns);
  const Summarizer summarizer(files, records, options);
  RobustnessSummary summary;
  summary.undisturbed = summarizer.Plain(kUndisturbed, 0);
  const std::vector<std::string>& names = options.conditions;
  for (const Condition& condition : Conditions()) {
    if (names.empty() || std::find(names.begin(), names.end(), condition.name) != names.end()) {
      summary.conditions.push_back(summarizer.Of(condition));
    }
  }
  std::vector<double> p_values;
  for (const std::string& column : options.columns) {
    summary.groups.push_back(summarizer.By(column));
    p_values.push_back(summary.groups.back().comparison.p);
  }
  const std::vector<double> adjusted = AdjustHolm(p_values);
  for (size_t i = 0; i < adjusted.size(); ++i) summary.groups[i].adjusted_p = adjusted[i];
  return summary;
}

}  // namespace unmask
