#include "unmask/study/plan.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "unmask/base/error.h"
#include "unmask/base/paths.h"
#include "unmask/base/text.h"
#include "unmask/base/toml.h"
#include "unmask/model/sha256.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

bool IsPlainName(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

// A list of names of which none is there twice.
void ReadNames(const TomlTable& table, const std::string& key, std::vector<std::string>& names) {
  table.Read(key, names);
  for (const std::string& name : names) {
    if (!IsPlainName(name)) table.Refuse(key, "holds '" + name + "', which is no name");
    if (std::count(names.begin(), names.end(), name) > 1) {
      table.Refuse(key, "names '" + name + "' twice");
    }
  }
}

void RequireNames(const TomlTable& table, const std::string& key, std::vector<std::string>& names) {
  ReadNames(table, key, names);
  if (names.empty()) table.Refuse(key, "must name one at least");
}

NamedOptions OptionsIn(const TomlTable& table) {
  NamedOptions options;
  for (const std::string& key : table.keys()) options.emplace_back(key, table.Value(key));
  return options;
}

std::map<std::string, NamedOptions> OptionTablesIn(const TomlTable& table) {
  std::map<std::string, NamedOptions> tables;
  for (const std::string& key : table.keys()) tables[key] = OptionsIn(table.Table(key));
  return tables;
}

fs::path Resolve(const TomlTable& table, const std::string& path) {
  return path.empty() ? fs::path() : (table.file().parent_path() / path).lexically_normal();
}

void ReadData(const TomlTable& table, StudyPlan& plan) {
  table.RefuseUnknownKeys({"name", "note", "root", "layout", "stores", "fingerprints"});
  plan.data_name = "unnamed data";
  table.Read("name", plan.data_name);
  table.Read("note", plan.data_note);
  table.Read("layout", plan.layout);
  std::string root;
  table.Read("root", root);
  plan.data_root = Resolve(table, root);
  std::vector<std::string> stores;
  table.Read("stores", stores);
  for (const std::string& store : stores) plan.stores.push_back(Resolve(table, store));
  if (!root.empty() && !stores.empty()) {
    table.Refuse("stores", "stands beside data.root; give one of them");
  }
  if (!table.Has("fingerprints")) return;
  const TomlTable pinned = table.Table("fingerprints");
  for (const std::string& quality : pinned.keys()) {
    pinned.Read(quality, plan.fingerprints[quality]);
  }
}

void ReadMatrix(const TomlTable& table, StudyPlan& plan) {
  table.RefuseUnknownKeys(
      {"losses", "qualities", "real-class", "classes", "cross-class-qualities", "seeds"});
  table.Read("real-class", plan.real_class);
  RequireNames(table, "losses", plan.losses);
  RequireNames(table, "qualities", plan.qualities);
  if (!IsPlainName(plan.real_class)) table.Refuse("real-class", "is no name of a class");
  RequireNames(table, "classes", plan.classes);
  if (std::count(plan.classes.begin(), plan.classes.end(), "all") > 0) {
    table.Refuse("classes", "names 'all', which stands for all classes together");
  }
  if (std::count(plan.classes.begin(), plan.classes.end(), plan.real_class) > 0) {
    table.Refuse("classes", "names '" + plan.real_class + "', the class of the real videos");
  }
  ReadNames(table, "cross-class-qualities", plan.cross_class_qualities);
  for (const std::string& quality : plan.cross_class_qualities) {
    if (std::find(plan.qualities.begin(), plan.qualities.end(), quality) == plan.qualities.end()) {
      table.Refuse("cross-class-qualities", "names '" + quality + "', which is not in qualities");
    }
  }
  if (table.Has("seeds")) {
    std::vector<double> seeds;
    table.Read("seeds", seeds);
    plan.seeds.clear();
    for (const double seed : seeds) {
      if (!(seed >= 0 && seed < 9e15 && seed == std::floor(seed))) {
        table.Refuse("seeds", "must be whole numbers of 0 or more");
      }
      plan.seeds.push_back(static_cast<uint64_t>(seed));
    }
    if (plan.seeds.empty()) table.Refuse("seeds", "must name one at least");
    if (std::set<uint64_t>(plan.seeds.begin(), plan.seeds.end()).size() != plan.seeds.size()) {
      table.Refuse("seeds", "names one twice");
    }
  }
}

// What the study decides of every preparation and training, and what a run decides where it is.
constexpr const char* kNotInPrepare[] = {"out",   "o",     "layout",   "quality", "classes",
                                         "shard", "merge", "check",    "list",    "overwrite",
                                         "sheet", "json",  "manifest", "threads"};
constexpr const char* kNotInTrain[] = {"stores", "out",     "loss",    "classes", "quality", "seed",
                                       "resume", "threads", "workers", "device",  "general"};

void RefuseDecided(const TomlTable& table, std::span<const char* const> keys) {
  for (const char* key : keys) {
    if (table.Has(key)) table.Refuse(key, "is decided by the study", "Leave it out");
  }
}

// A file of weights lies, as other paths of a plan, relative to the plan.
void ResolveInitialWeights(const TomlTable& table, StudyPlan& plan) {
  for (auto& [name, value] : plan.train) {
    if (name != "init" || !value.is_string()) continue;
    const std::string init = value.get<std::string>();
    if (init == "imagenet" || init == "random") continue;
    const fs::path file = fs::absolute(Resolve(table, init));
    std::error_code error;
    if (!fs::exists(file, error)) {
      table.Refuse("init", "names " + file.string() + ", which does not exist",
                   "Put the weights there, or give init = \"imagenet\" or \"random\"");
    }
    plan.initial_weights_sha256 = Sha256OfFile(file);
    value = file.string();
  }
}

void ReadTraining(const TomlTable& top, StudyPlan& plan) {
  if (top.Has("train")) {
    const TomlTable table = top.Table("train");
    RefuseDecided(table, kNotInTrain);
    plan.train = OptionsIn(table);
    ResolveInitialWeights(table, plan);
  }
  if (top.Has("degradations")) plan.degradations = OptionTablesIn(top.Table("degradations"));
  if (!top.Has("loss-options")) return;
  const TomlTable table = top.Table("loss-options");
  plan.loss_options = OptionTablesIn(table);
  for (const auto& [loss, options] : plan.loss_options) {
    if (std::find(plan.losses.begin(), plan.losses.end(), loss) == plan.losses.end()) {
      table.Refuse(loss, "is for a loss that matrix.losses does not name");
    }
  }
}

void ReadStatistics(const TomlTable& table, StudyPlan& plan) {
  table.RefuseUnknownKeys({"level", "resamples", "threshold"});
  table.Read("level", plan.level);
  if (!(plan.level > 0.5 && plan.level < 1)) table.Refuse("level", "must lie between 0.5 and 1");
  int64_t resamples = plan.resamples;
  table.Read("resamples", resamples);
  if (resamples < 100 || resamples > 1000000) {
    table.Refuse("resamples", "must lie in 100 … 1000000");
  }
  plan.resamples = static_cast<int>(resamples);
  table.Read("threshold", plan.threshold);
  if (!(plan.threshold > 0 && plan.threshold < 1)) {
    table.Refuse("threshold", "must lie between 0 and 1");
  }
}

void RequireLosses(const TomlTable& table, const std::string& key, const StudyPlan& plan,
                   const std::vector<std::string>& losses) {
  for (const std::string& loss : losses) {
    if (std::find(plan.losses.begin(), plan.losses.end(), loss) == plan.losses.end()) {
      table.Refuse(key, "names the loss '" + loss + "', which is not in matrix.losses");
    }
  }
}

void ReadFusion(const TomlTable& table, StudyPlan& plan) {
  table.RefuseUnknownKeys({"pairs", "all-pairs", "greedy"});
  table.Read("all-pairs", plan.all_pairs);
  table.Read("greedy", plan.greedy);
  std::vector<std::string> pairs;
  table.Read("pairs", pairs);
  for (const std::string& pair : pairs) {
    const std::vector<std::string> losses = Split(pair, '+');
    if (losses.size() != 2 || losses[0] == losses[1]) {
      table.Refuse("pairs", "holds '" + pair + "', which is no pair such as \"softmax+arcface\"");
    }
    RequireLosses(table, "pairs", plan, losses);
    plan.fusion_pairs.emplace_back(losses[0], losses[1]);
  }
}

void ReadFigures(const TomlTable& table, StudyPlan& plan) {
  table.RefuseUnknownKeys({"quality", "embedding", "explain", "explain-classes"});
  table.Read("quality", plan.figure_quality);
  if (!plan.figure_quality.empty() && std::find(plan.qualities.begin(), plan.qualities.end(),
                                                plan.figure_quality) == plan.qualities.end()) {
    table.Refuse("quality", "names '" + plan.figure_quality + "', which is not in qualities");
  }
  ReadNames(table, "embedding", plan.embedding_losses);
  RequireLosses(table, "embedding", plan, plan.embedding_losses);
  table.Read("explain", plan.explained_files);
  table.Read("explain-classes", plan.explained_classes);
  if (!plan.explained_files.empty() &&
      plan.explained_files.size() != plan.explained_classes.size()) {
    table.Refuse("explain", "must name one file for each class of explain-classes");
  }
  for (const std::string& name : plan.explained_classes) {
    if (std::find(plan.classes.begin(), plan.classes.end(), name) == plan.classes.end()) {
      table.Refuse("explain-classes", "names '" + name + "', which is not in matrix.classes");
    }
  }
}

// The smallest p value that the bootstrap can give, corrected for all pairs of losses, must be able
// to show a difference.
void RequireEnoughResamples(const StudyPlan& plan) {
  const auto losses = static_cast<double>(plan.losses.size());
  const double pairs = losses * (losses - 1) / 2;
  const double enough = std::ceil(2 * pairs / (1 - plan.level));
  if (plan.resamples >= enough) return;
  throw UsageError(
      plan.file.string() + ": statistics.resamples = " + std::to_string(plan.resamples) +
          " cannot show any of the " + CountOf(static_cast<size_t>(pairs), "difference") +
          " between losses at the level " + FormatFixed(plan.level, 3),
      "Give " + FormatFixed(enough, 0) + " or more");
}

}  // namespace

StudyPlan ReadStudyPlan(const fs::path& file) {
  const TomlTable top = TomlTable::FromFile(file);
  top.RefuseUnknownKeys({"name", "title", "finished", "data", "prepare", "matrix", "train",
                         "degradations", "loss-options", "statistics", "fusion", "figures"});
  StudyPlan plan;
  plan.file = file;
  plan.name = file.stem().string();
  top.Read("name", plan.name);
  if (!IsPlainName(plan.name)) {
    top.Refuse("name", "must consist of letters, digits, '-' and '_'");
  }
  plan.title = "Study " + plan.name;
  top.Read("title", plan.title);
  std::string finished;
  top.Read("finished", finished);
  plan.finished = Resolve(top, finished);
  if (top.Has("data")) ReadData(top.Table("data"), plan);
  if (top.Has("prepare")) {
    const TomlTable table = top.Table("prepare");
    RefuseDecided(table, kNotInPrepare);
    plan.prepare = OptionsIn(table);
  }
  ReadMatrix(top.Table("matrix"), plan);
  for (const auto& [quality, fingerprint] : plan.fingerprints) {
    if (std::find(plan.qualities.begin(), plan.qualities.end(), quality) == plan.qualities.end()) {
      throw UsageError(file.string() + ": data.fingerprints names '" + quality +
                       "', which is not in matrix.qualities");
    }
  }
  ReadTraining(top, plan);
  if (top.Has("statistics")) ReadStatistics(top.Table("statistics"), plan);
  RequireEnoughResamples(plan);
  if (top.Has("fusion")) ReadFusion(top.Table("fusion"), plan);
  if (top.Has("figures")) ReadFigures(top.Table("figures"), plan);
  if (plan.figure_quality.empty()) plan.figure_quality = plan.qualities.front();
  return plan;
}

fs::path FindStudyPlan(const std::string& name) {
  std::error_code error;
  if (fs::exists(name, error)) return name;
  const std::string wanted = name.ends_with(".toml") ? name : name + ".toml";
  const std::vector<std::string> shipped = AssetsIn("plans", ".toml");
  if (std::find(shipped.begin(), shipped.end(), wanted) != shipped.end()) {
    return FindAsset("plans/" + wanted);
  }
  throw UsageError(
      name + ": there is no such plan",
      "Give a file, or one of those that come with the program: " + Join(shipped, ", "));
}

}  // namespace unmask
