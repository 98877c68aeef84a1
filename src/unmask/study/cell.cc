#include "unmask/study/cell.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "unmask/base/toml.h"
#include "unmask/model/sha256.h"

namespace unmask {
namespace {

// Raise it when a change of the program makes the same options give another training.
constexpr int kTrainingVersion = 1;

Json ToJson(const NamedOptions& options) {
  Json json = Json::object();
  for (const auto& [name, value] : options) json[name] = value;
  return json;
}

// Weights to begin with count by their contents, not by their path.
Json TrainOptionsOf(const StudyPlan& plan) {
  Json json = ToJson(plan.train);
  if (!plan.initial_weights_sha256.empty()) json["init"] = plan.initial_weights_sha256;
  return json;
}

NamedOptions LossOptions(const StudyPlan& plan, const std::string& loss) {
  const auto found = plan.loss_options.find(loss);
  return found == plan.loss_options.end() ? NamedOptions{} : found->second;
}

// The real class, then those of the fakes.
std::vector<std::string> TrainingClasses(const StudyPlan& plan, const Cell& cell) {
  std::vector<std::string> classes = {plan.real_class};
  for (const std::string& name : FakeClassesOf(plan, cell)) classes.push_back(name);
  return classes;
}

std::vector<std::string> Sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

void SetKey(const StudyPlan& plan, const std::map<std::string, std::string>& fingerprints,
            Cell& cell) {
  const auto known = fingerprints.find(cell.quality);
  if (known == fingerprints.end()) return;
  cell.recipe = {{"training_version", kTrainingVersion},
                 {"store", known->second},
                 {"quality", cell.quality},
                 {"classes", Sorted(TrainingClasses(plan, cell))},
                 {"scored_classes", Sorted(ScoredClasses(plan))},
                 {"loss", cell.loss},
                 {"loss_options", ToJson(LossOptions(plan, cell.loss))},
                 {"seed", cell.seed},
                 {"train", TrainOptionsOf(plan)},
                 {"degradations", Json::object()}};
  for (const auto& [name, options] : plan.degradations) {
    cell.recipe["degradations"][name] = ToJson(options);
  }
  cell.key = KeyOfRecipe(cell.recipe);
}

void Append(const NamedOptions& options, std::string& text) {
  for (const auto& [name, value] : options) {
    text += FormatTomlKey(name) + " = " + FormatTomlValue(value) + "\n";
  }
}

}  // namespace

std::string KeyOfRecipe(const Json& recipe) {
  // Sorted by name: the order in which a plan gives its options means nothing.
  return Sha256OfText(nlohmann::json::parse(recipe.dump()).dump()).substr(0, 16);
}

std::string Cell::name() const {
  return quality + "-" + loss + "-" + (class_name.empty() ? "all" : class_name) + "-seed" +
         std::to_string(seed);
}

std::vector<std::string> FakeClassesOf(const StudyPlan& plan, const Cell& cell) {
  return cell.class_name.empty() ? plan.classes : std::vector<std::string>{cell.class_name};
}

std::vector<std::string> ScoredClasses(const StudyPlan& plan) {
  std::vector<std::string> classes = {plan.real_class};
  classes.insert(classes.end(), plan.classes.begin(), plan.classes.end());
  return classes;
}

std::vector<Cell> CellsOf(const StudyPlan& plan,
                          const std::map<std::string, std::string>& fingerprints) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& quality, const std::string& class_name) {
    for (const std::string& loss : plan.losses) {
      for (const uint64_t seed : plan.seeds) {
        Cell cell{.number = static_cast<int>(cells.size()) + 1,
                  .quality = quality,
                  .loss = loss,
                  .class_name = class_name,
                  .seed = seed,
                  .key = "",
                  .recipe = {}};
        SetKey(plan, fingerprints, cell);
        cells.push_back(std::move(cell));
      }
    }
  };
  for (const std::string& quality : plan.qualities) add(quality, "");
  for (const std::string& quality : plan.cross_class_qualities) {
    for (const std::string& class_name : plan.classes) add(quality, class_name);
  }
  return cells;
}

std::string TrainingConfig(const StudyPlan& plan, const Cell& cell) {
  std::string text = "# " + cell.name() + "\n";
  Append({{"loss", cell.loss},
          {"classes", TrainingClasses(plan, cell)},
          {"quality", cell.quality},
          {"seed", cell.seed}},
         text);
  Append(plan.train, text);
  const bool forges = std::any_of(plan.train.begin(), plan.train.end(),
                                  [](const auto& option) { return option.first == "forgery"; });
  if (!forges) text += "forgery = \"none\"\n";  // the data hold fakes
  const auto append_table = [&](const char* table, const auto& entry) {
    text += "\n[" + std::string(table) + "." + FormatTomlKey(entry.first) + "]\n";
    Append(entry.second, text);
  };
  for (const auto& entry : plan.loss_options) {
    if (entry.first == cell.loss) append_table("loss-options", entry);
  }
  for (const auto& entry : plan.degradations) append_table("degradations", entry);
  return text;
}

}  // namespace unmask
