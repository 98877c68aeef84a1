#include "unmask/forge/dataset_plan.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

constexpr double kShareOfEach = 0.14;  // of val and of test

struct Person {
  std::string name;
  uint64_t rank = 0;          // order in which splits are filled
  std::vector<size_t> clips;  // of the sources
  std::string split;
};

std::vector<Person> PeopleOf(const std::vector<DatasetSource>& sources, uint64_t seed) {
  std::map<std::string, Person> people;
  for (size_t i = 0; i < sources.size(); ++i) {
    const DatasetSource& source = sources[i];
    Person& person = people[source.identity];
    person.name = source.identity;
    person.rank = DeriveSeed(seed, source.identity);
    person.clips.push_back(i);
    if (source.split.empty()) continue;
    if (!person.split.empty() && person.split != source.split) {
      throw Error("'" + source.identity + "' is in the splits '" + person.split + "' and '" +
                      source.split + "': see " + source.file.string(),
                  "Give all clips of a person one split; where the table gives no identity, clips "
                  "of one name count as one person, so tell two apart in its column identity");
    }
    person.split = source.split;
  }
  std::vector<Person> sorted;
  for (auto& [name, person] : people) sorted.push_back(std::move(person));
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Person& a, const Person& b) { return a.rank < b.rank; });
  return sorted;
}

// How a split stands while it is being filled.
struct Filling {
  std::string split;
  size_t people = 0;
  size_t clips = 0;

  void Add(Person& person) {
    person.split = split;
    ++people;
    clips += person.clips.size();
  }
};

// Fills a split with people who have none yet, but leaves `keep` of them.
void Fill(std::vector<Person>& people, const std::string& split, size_t wanted, size_t keep) {
  Filling filling{split};
  std::vector<Person*> free_people;
  for (Person& person : people) {
    if (person.split.empty()) free_people.push_back(&person);
    if (person.split == split) filling.Add(person);
  }
  if (filling.people >= 2 && filling.clips >= wanted) return;
  if (free_people.size() < keep + (filling.people < 2 ? 2 - filling.people : 0)) return;
  free_people.resize(free_people.size() - keep);
  // Someone with very many clips would fill more than the split, so the others come first.
  const size_t most = std::max<size_t>(2, wanted / 2);
  std::stable_sort(free_people.begin(), free_people.end(), [&](const Person* a, const Person* b) {
    return std::max(a->clips.size(), most) < std::max(b->clips.size(), most);
  });
  for (Person* person : free_people) {
    const bool enough = filling.people >= 2 && filling.clips >= wanted;
    if (enough && filling.clips % 2 == 0) break;
    // Once there are enough, only a single clip more, for the one that lacks a partner.
    if (enough && person->clips.size() != 1) continue;
    if (filling.people >= 2 && person->clips.size() > most) continue;
    filling.Add(*person);
  }
}

// Fills test, then val; the others go to train.
void ChooseSplits(std::vector<Person>& people, size_t clips) {
  const auto wanted =
      static_cast<size_t>(std::max(2.0, std::round(kShareOfEach * static_cast<double>(clips))));
  const auto in_train = std::count_if(people.begin(), people.end(),
                                      [](const Person& person) { return person.split == "train"; });
  // Two people stay for train, unless it has some.
  const size_t keep = in_train >= 2 ? 0 : 2 - static_cast<size_t>(in_train);
  for (const std::string split : {"test", "val"}) Fill(people, split, wanted, keep);
  for (Person& person : people) {
    if (person.split.empty()) person.split = "train";
  }
}

double Unlikeness(const FaceLook& a, const FaceLook& b) {
  double sum = 0;
  for (int c = 0; c < 3; ++c) sum += std::pow((a.colour[c] - b.colour[c]) / 40.0, 2);
  sum += std::pow((a.width - b.width) / 0.08, 2);
  sum += std::pow((a.turn - b.turn) / 0.10, 2);
  if (a.size > 0 && b.size > 0) sum += std::pow(std::log(a.size / b.size) / 0.7, 2);
  return sum;
}

// Pairs of clips (numbers of sources) of two people each. Always takes a clip of the person with
// the most clips left, so that nobody is left alone who need not be.
std::vector<std::pair<size_t, size_t>> Pair(std::vector<Person> people,
                                            const std::vector<FaceLook>& looks) {
  std::vector<std::pair<size_t, size_t>> pairs;
  const auto more = [](const Person& a, const Person& b) {
    return a.clips.size() > b.clips.size();
  };
  while (people.size() >= 2) {
    std::stable_sort(people.begin(), people.end(), more);
    size_t left = 0;
    for (const Person& person : people) left += person.clips.size();
    // Who holds half of what will be left must be served now.
    const bool second_first = 2 * people[1].clips.size() > left - 2;
    const size_t clip = people[0].clips.front();
    size_t partner = 0, person = 0;
    double least = -1;
    for (size_t p = 1; p < (second_first ? 2 : people.size()); ++p) {
      for (const size_t other : people[p].clips) {
        const double unlikeness = Unlikeness(looks[clip], looks[other]);
        if (least >= 0 && unlikeness >= least) continue;
        least = unlikeness;
        partner = other;
        person = p;
      }
    }
    pairs.emplace_back(std::min(clip, partner), std::max(clip, partner));
    std::erase(people[0].clips, clip);
    std::erase(people[person].clips, partner);
    std::erase_if(people, [](const Person& p) { return p.clips.empty(); });
  }
  return pairs;
}

std::string IdOf(size_t number) {
  char text[24];
  std::snprintf(text, sizeof(text), "%03zu", number);
  return text;
}

}  // namespace

DatasetPlan PlanDataset(const std::vector<DatasetSource>& sources,
                        const std::vector<FaceLook>& looks, uint64_t seed) {
  std::vector<Person> people = PeopleOf(sources, seed);
  ChooseSplits(people, sources.size());
  std::map<size_t, size_t> partner;
  std::map<size_t, std::string> split_of;
  for (const std::string split : kDatasetSplits) {
    std::vector<Person> members;
    for (const Person& person : people) {
      if (person.split != split) continue;
      members.push_back(person);
      for (const size_t clip : person.clips) split_of[clip] = split;
    }
    for (const auto& [a, b] : Pair(members, looks)) {
      partner[a] = b;
      partner[b] = a;
    }
  }
  if (partner.empty()) {
    throw Error("there are no clips of two different people",
                "Give clips of more people. Clips of one name in different folders count as one "
                "person: where they show several, give a table with the columns file and identity");
  }
  DatasetPlan plan;
  std::map<size_t, std::string> ids;
  for (const auto& [clip, other] : partner) ids[clip] = IdOf(ids.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    if (partner.contains(i)) {
      plan.clips.push_back(
          {ids[i], sources[i].file, sources[i].identity, split_of[i], ids[partner[i]]});
    } else {
      plan.left_out.push_back(
          {sources[i].file, "no partner is left for it in the split " + split_of[i]});
    }
  }
  return plan;
}

std::vector<std::pair<std::string, std::string>> DatasetPlan::PairsOf(
    const std::string& split) const {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const PlannedClip& clip : clips) {
    if (clip.split == split && &clip < &Clip(clip.partner))
      pairs.emplace_back(clip.id, clip.partner);
  }
  return pairs;
}

const PlannedClip& DatasetPlan::Clip(const std::string& id) const {
  const auto found = std::find_if(clips.begin(), clips.end(),
                                  [&](const PlannedClip& clip) { return clip.id == id; });
  if (found == clips.end()) throw Error("the plan of the data set has no clip '" + id + "'");
  return *found;
}

Json ToJson(const DatasetPlan& plan) {
  Json json{{"clips", Json::array()}, {"left_out", Json::array()}};
  for (const PlannedClip& clip : plan.clips) {
    json["clips"].push_back({{"id", clip.id},
                             {"file", clip.file.string()},
                             {"identity", clip.identity},
                             {"split", clip.split},
                             {"partner", clip.partner}});
  }
  for (const LeftOut& clip : plan.left_out) {
    json["left_out"].push_back({{"file", clip.file.string()}, {"why", clip.why}});
  }
  return json;
}

}  // namespace unmask
