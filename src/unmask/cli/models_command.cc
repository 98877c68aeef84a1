#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "unmask/backbones/autoencoder.h"
#include "unmask/base/paths.h"
#include "unmask/base/text.h"
#include "unmask/cli/commands.h"
#include "unmask/console/options.h"
#include "unmask/console/output.h"
#include "unmask/detect/verdict_text.h"
#include "unmask/model/model_file.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<fs::path> files;
  bool json = false;
};

// Of models of one name the first is the one that the program uses.
std::vector<fs::path> InstalledModels() {
  std::vector<fs::path> models;
  std::set<fs::path> names;
  for (const fs::path& folder : AssetFolders()) {
    std::vector<fs::path> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder / "models", ignored)) {
      const fs::path& path = entry.path();
      if (path.extension() == ".onnx" && names.insert(path.filename()).second) {
        found.push_back(path.lexically_normal());
      }
    }
    std::sort(found.begin(), found.end());
    models.insert(models.end(), found.begin(), found.end());
  }
  return models;
}

Json ToJson(const fs::path& file, const ModelDescription& model) {
  Json metadata = model.metadata ? ToJson(*model.metadata) : Json();
  for (const char* name : {"embedding_mean", "embedding_deviation"}) {
    if (!metadata.is_null())
      metadata.erase(name);  // thousands of numbers that say nothing to a reader
  }
  return {{"file", file.string()},  {"sha256", model.sha256},   {"bytes", fs::file_size(file)},
          {"inputs", model.inputs}, {"outputs", model.outputs}, {"metadata", std::move(metadata)}};
}

std::string AnswersOf(const ModelMetadata& m) {
  const std::string fake = "fake from " + DescribePercent(m.threshold);
  if (m.limits == ReliabilityLimits()) return fake + ", otherwise real";
  std::string text =
      fake + ", real below " + DescribePercent(std::min(m.limits.real_below, m.threshold));
  std::vector<std::string> limits;
  const auto add = [&](double value, const std::string& before, const std::string& after) {
    if (value > 0) limits.push_back(before + FormatFixed(value, value < 1 ? 3 : 0) + after);
  };
  add(m.limits.least_faces, "fewer than ", " faces of a video");
  add(m.limits.least_face_pixels, "faces below ", " pixels");
  add(m.limits.least_sharpness, "sharpness below ", "");
  add(m.limits.least_bits_per_pixel, "below ", " bits a pixel");
  if (m.limits.most_dissent < 1) {
    limits.push_back("more than " + DescribePercent(m.limits.most_dissent) + " dissenting faces");
  }
  if (m.limits.most_distance > 0) limits.push_back("faces unlike those it was tried on");
  return text + (limits.empty() ? "" : "; no answer for " + Join(limits, ", "));
}

std::string Line(const std::string& label, const std::string& text) {
  if (text.empty()) return "";
  return "  " + label + std::string(15 - label.size(), ' ') + Printable(text) + "\n";
}

// A JSON object a field a line, less what is empty; what spans lines is for --json alone. What is
// no JSON object as it is.
std::string Fields(const std::string& label, const std::string& text) {
  const Json fields = Json::parse(text, nullptr, false);
  if (!fields.is_object()) return Line(label, text);
  std::string lines;
  for (const auto& [name, value] : fields.items()) {
    const std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
    if (shown.empty() || (value.is_structured() && value.empty())) continue;
    const std::string field =
        name + ": " + (shown.find('\n') == std::string::npos ? shown : "see --json");
    lines += Line(lines.empty() ? label : "", field);
  }
  return lines;
}

std::string ToText(const fs::path& file, const ModelDescription& model) {
  std::string text;
  if (model.metadata) {
    const ModelMetadata& m = *model.metadata;
    text += Printable(m.name.empty() ? file.stem().string() : m.name) + "\n";
    text += Line("backbone", m.backbone) + Line("loss", m.loss) +
            Line("input", std::to_string(m.input_width) + "x" + std::to_string(m.input_height)) +
            Line("answers", m.output == kReconstruction ? "" : AnswersOf(m)) +
            Line("trained on", m.training_data) + Fields("recipe", m.recipe) +
            Fields("validation", m.validation) + Line("licence", m.licence) +
            Line("made by", m.program_version);
  } else {
    text += Printable(file.stem().string()) + "\n" +
            Line("metadata", "none; written by another program");
  }
  return text + Line("file", file.string()) + Line("sha256", model.sha256);
}

int Run(const Arguments& arguments) {
  const std::vector<fs::path> files = arguments.files.empty() ? InstalledModels() : arguments.files;
  Json json = Json::array();
  std::string text;
  int failed = 0;
  for (const fs::path& file : files) {
    try {
      const ModelDescription model = DescribeModel(file);
      json.push_back(ToJson(file, model));
      text += (text.empty() ? "" : "\n") + ToText(file, model);
    } catch (const Error& e) {
      PrintError(e);
      failed = 1;
    }
  }
  if (arguments.json) {
    PrintJson(json);
  } else {
    Print(files.empty() ? "no model is installed\n" : text);
  }
  return failed;
}

}  // namespace

std::function<int()> ConfigureModels(CLI::App& app) {
  const auto a = std::make_shared<Arguments>();
  app.add_option("FILES", a->files, "ONNX models to show; without any, those installed");
  AddJsonOption(app, a->json);
  app.footer(
      "Example:\n"
      "  unmask models\n"
      "  unmask models my-model.onnx --json");
  return [a] { return Run(*a); };
}

}  // namespace unmask
