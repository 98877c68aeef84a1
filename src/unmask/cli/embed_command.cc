#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/cli/judging_options.h"
#include "unmask/cli/models_and_stores.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/report/embedding_figure.h"
#include "unmask/report/gnuplot.h"
#include "unmask/report/text_table.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<fs::path> inputs;
  ModelsAndStores files;
  std::string method = "both";
  std::string precision = "fp32";
  fs::path csv, plot, vectors;
  bool json = false;
  EmbeddingMapOptions options;
};

// Before time is spent: outputs can be written, differ, and replace no input.
void CheckOutputs(const Arguments& a) {
  if (a.csv.empty() && a.plot.empty() && a.vectors.empty() && !a.json) {
    throw UsageError("nothing to write",
                     "Give --plot FILE.png, --csv FILE, --vectors FILE or --json");
  }
  std::vector<fs::path> others = a.inputs;
  others.push_back(a.options.classifier.sidecar);
  std::vector<fs::path> outputs;
  for (const fs::path& output : {a.csv, a.plot, a.vectors}) {
    if (output.empty()) continue;
    RefuseToOverwrite(output, others);
    const AtomicFile writable(output);
    const fs::path place = fs::weakly_canonical(output);
    if (std::find(outputs.begin(), outputs.end(), place) != outputs.end()) {
      throw UsageError(output.string() + ": two outputs go to the same file",
                       "Give different names");
    }
    outputs.push_back(place);
  }
  if (a.plot.empty()) return;
  IsSvgName(a.plot);
  RequirePlots();
}

EmbeddingTable Map(const Arguments& a) {
  std::unique_ptr<Progress> progress;
  std::string shown;
  EmbeddingTable table = MapEmbeddings(
      a.files.models, OpenCropStores(a.files.stores), a.options, &GlobalCancelToken(),
      [&](const std::string& what, const std::string& unit, int64_t done, int64_t total) {
        if (what != shown) {
          if (progress) progress->Finish();
          progress = MakeProgress(Printable(what), unit);
          shown = what;
        }
        progress->Update(done, total, "");
      });
  if (progress) progress->Finish();
  return table;
}

// Faces of each class.
std::map<std::string, size_t> ClassCounts(const EmbeddingTable& table) {
  std::map<std::string, size_t> counts;
  for (const EmbeddedFace& face : table.faces) ++counts[face.class_name];
  return counts;
}

std::string Trust(const std::optional<EmbeddingMap>& map) {
  return map && map->trustworthiness ? FormatFixed(*map->trustworthiness, 3) : "–";
}

std::string Text(const EmbeddingTable& table) {
  std::string text = CountOf(table.faces.size(), "face");
  if (table.available > static_cast<int64_t>(table.faces.size())) {
    text += " of " + std::to_string(table.available);
  }
  std::vector<std::string> classes;
  for (const auto& [name, count] : ClassCounts(table)) {
    classes.push_back(Printable(name) + " " + std::to_string(count));
  }
  text += ": " + Join(classes, ", ") + "\n\n";
  size_t width = 8;
  for (const FeatureMaps& maps : table.maps) width = std::max(width, WidthOf(maps.features));
  width = std::min<size_t>(width, 40);
  text += AlignLeft("features", width) + AlignRight("values", 8);
  if (table.maps[0].tsne) {
    text += AlignRight("t-SNE: divergence", 20) + AlignRight("trustworthy", 13);
  }
  if (table.maps[0].pca) text += AlignRight("PCA: variance", 16) + AlignRight("trustworthy", 13);
  text += "\n";
  for (const FeatureMaps& maps : table.maps) {
    text += AlignLeft(CutMiddle(Printable(maps.features), width), width) +
            AlignRight(std::to_string(maps.dimensions), 8);
    if (maps.tsne) {
      text += AlignRight(FormatFixed(maps.kl_divergence, 3), 20) + AlignRight(Trust(maps.tsne), 13);
    }
    if (maps.pca) {
      const double share = maps.explained[0] + maps.explained[1];
      text += AlignRight(FormatFixed(100 * share, 0) + " %", 16) + AlignRight(Trust(maps.pca), 13);
    }
    text += "\n";
  }
  return text;
}

Json ToJson(const EmbeddingMap& map) {
  Json points = Json::array();
  for (size_t i = 0; i < map.points.count; ++i) {
    points.push_back({map.points.row(i)[0], map.points.row(i)[1]});
  }
  return {{"trustworthiness", map.trustworthiness ? Json(*map.trustworthiness) : Json()},
          {"points", points}};
}

Json ToJson(const FeatureMaps& maps) {
  Json json = {{"features", maps.features}, {"dimensions", maps.dimensions}};
  if (maps.tsne) {
    json["tsne"] = {{"perplexity", maps.perplexity}, {"kl_divergence", maps.kl_divergence}};
    json["tsne"].update(ToJson(*maps.tsne));
  }
  if (maps.pca) {
    json["pca"] = {{"explained_variance", maps.explained}};
    json["pca"].update(ToJson(*maps.pca));
  }
  return json;
}

Json ToJson(const EmbeddedFace& face) {
  return {{"file", face.file},
          {"class", face.class_name},
          {"label", face.label == 1 ? "fake" : "real"},
          {"identity", face.identity},
          {"split", face.split},
          {"quality", face.quality},
          {"track", face.track},
          {"frame", face.frame},
          {"time", face.time}};
}

Json ToJson(const Arguments& a, const EmbeddingTable& table) {
  const FaceSelection& faces = a.options.faces;
  Json json = {{"schema", "unmask/embed"}, {"version", 1}, {"program_version", kVersion}};
  json["models"] = Json::array();
  for (size_t m = 0; m < table.models.size(); ++m) {
    const EmbeddingModel& model = table.models[m];
    json["models"].push_back(
        {{"name", model.name},
         {"file", a.files.models[m].string()},
         {"sha256", model.sha256},
         {"precision", model.precision == Precision::kBfloat16 ? "bf16" : "fp32"}});
  }
  json["sources"] = Json::array();
  for (const fs::path& store : a.files.stores) json["sources"].push_back(store.string());
  json["options"] = {{"split", faces.files.split.empty() ? "all" : faces.files.split},
                     {"classes", faces.files.classes},
                     {"quality", faces.files.quality},
                     {"faces_per_file", faces.faces_per_file},
                     {"max_faces", faces.max_faces},
                     {"method", a.method},
                     {"perplexity", a.options.tsne_options.perplexity},
                     {"iterations", a.options.tsne_options.iterations},
                     {"seed", a.options.tsne_options.seed}};
  json["available"] = table.available;
  json["faces"] = Json::array();
  for (const EmbeddedFace& face : table.faces) json["faces"].push_back(ToJson(face));
  json["maps"] = Json::array();
  for (const FeatureMaps& maps : table.maps) json["maps"].push_back(ToJson(maps));
  return json;
}

int RunEmbed(Arguments a) {
  a.files = TellApart(a.inputs);
  if (a.options.faces.files.split == "all") a.options.faces.files.split.clear();
  a.options.tsne = a.method != "pca";
  a.options.pca = a.method != "tsne";
  a.options.classifier.precision = PrecisionFromName(a.precision);
  a.options.faces.Validate();
  a.options.tsne_options.Validate();
  CheckOutputs(a);
  const EmbeddingTable table = Map(a);
  if (!a.csv.empty()) WriteTextFile(a.csv, MapsCsv(table));
  if (!a.vectors.empty()) WriteTextFile(a.vectors, VectorsCsv(table, table.maps.back()));
  if (!a.plot.empty()) WriteFigure(a.plot, EmbeddingFigure(table));
  for (const fs::path& output : {a.csv, a.vectors, a.plot}) {
    if (!output.empty()) PrintNote("written: " + output.string());
  }
  const double used = table.maps.back().perplexity;
  if (a.options.tsne && used < a.options.tsne_options.perplexity) {
    PrintNote("perplexity " + FormatFixed(used, 1) + ": there are only " +
              CountOf(table.faces.size(), "face"));
  }
  if (a.json) {
    PrintJson(ToJson(a, table));
  } else {
    Print(Text(table));
  }
  return 0;
}

void AddFaceOptions(CLI::App& app, FaceSelection& faces) {
  app.add_option("--split", faces.files.split, "train, val, test or all")
      ->capture_default_str()
      ->check(CLI::IsMember({"train", "val", "test", "all"}).description(""));
  app.add_option("--classes", faces.files.classes, "these only, such as real,Deepfakes")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--quality", faces.files.quality, "files of this quality only, such as c23");
  app.add_option("--faces-per-file", faces.faces_per_file,
                 "at most so many faces of a file, spread over it; 0: all")
      ->capture_default_str();
  app.add_option("--max-faces", faces.max_faces,
                 "at most so many faces, spread over all files; 0: all. Time grows with their "
                 "square")
      ->capture_default_str();
}

}  // namespace

std::function<int()> ConfigureEmbed(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  app.add_option("MODEL... STORE", a->inputs,
                 "ONNX models and faces of `unmask prepare`, one or several of each; they are told "
                 "apart by their content")
      ->required();
  app.add_option("--plot", a->plot, "draw the maps to this .png or .svg; needs gnuplot");
  app.add_option("--csv", a->csv, "write a line for every face: what it is, and its places");
  app.add_option("--vectors", a->vectors,
                 "write the features themselves as CSV; with several models their fusion's");
  AddJsonOption(app, a->json);
  AddFaceOptions(app, a->options.faces);
  app.add_option("--method", a->method, "tsne, pca or both")
      ->capture_default_str()
      ->check(CLI::IsMember({"tsne", "pca", "both"}).description(""));
  app.add_option("--perplexity", a->options.tsne_options.perplexity,
                 "of t-SNE: roughly how many neighbours a face keeps")
      ->capture_default_str();
  app.add_option("--iterations", a->options.tsne_options.iterations, "of t-SNE")
      ->capture_default_str();
  AddSeedOption(app, a->options.tsne_options.seed, "of t-SNE");
  app.add_flag("--fusion-only", a->options.fusion_only,
               "with several models: the map of all their features only, none of each alone");
  AddModelOptions(app, a->options.classifier.sidecar, a->precision);
  AddThreadsOption(app, a->options.classifier.threads);
  app.footer(
      "Examples:\n"
      "  unmask embed model.onnx faces --plot map.png\n"
      "  unmask embed softmax.onnx center.onnx faces --plot fusion.svg --csv map.csv\n\n"
      "Features are what a model finds of a face before its last layer. Several models\n"
      "are mapped each alone and together: their features scaled to length 1 and put\n"
      "side by side. docs/embeddings.md says how to read such maps, and how not to.");
  return [a] { return RunEmbed(*a); };
}

}  // namespace unmask
