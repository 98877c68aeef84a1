#include "unmask/explain/explanation_files.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "unmask/base/text.h"
#include "unmask/detect/verdict_text.h"
#include "unmask/explain/draw_map.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

constexpr int kSchemaVersion = 1;

double Rounded(double value) { return std::round(value * 1e6) / 1e6; }

// Four digits, whatever the size: maps of different models differ by orders of magnitude.
double FourDigits(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double unit = std::pow(10.0, 3 - std::floor(std::log10(std::fabs(value))));
  return std::round(value * unit) / unit;
}

Json MapToJson(const HeatMap& map) {
  Json values = Json::array();
  for (const float value : map.values) values.push_back(FourDigits(value));
  return {{"width", map.width}, {"height", map.height}, {"values", std::move(values)}};
}

Json AreasToJson(const FaithfulnessAreas& areas) {
  return {{"deletion", Rounded(areas.deletion)}, {"insertion", Rounded(areas.insertion)}};
}

Json FaithfulnessToJson(const Faithfulness& f) {
  if (f.faces == 0) return nullptr;
  return {{"meaning", NameOf(f.meaning())},  {"tested_faces", f.faces},
          {"map", AreasToJson(f.map)},       {"random", AreasToJson(f.random)},
          {"centre", AreasToJson(f.centre)}, {"original", Rounded(f.original)},
          {"empty", Rounded(f.empty)}};
}

std::string Percent(double score) { return FormatFixed(100 * score, 0) + " %"; }

std::string FaceTitle(const FileExplanation& explanation, size_t track, const ShownFace& shown) {
  const FaceExplanation& face = explanation.tracks[track].faces[shown.face];
  std::string title = "face " + std::to_string(explanation.verdict.tracks[track].id);
  if (!explanation.verdict.is_picture) {
    title += ", " + FormatFixed(face.face.time, 2) + " s (frame " +
             std::to_string(face.face.frame) + ")";
  }
  return title + ": P(fake) " + Percent(face.score);
}

std::string MeanTitle(const FileExplanation& explanation, size_t track) {
  const size_t faces = explanation.tracks[track].faces.size();
  return "face " + std::to_string(explanation.verdict.tracks[track].id) + ", mean of " +
         CountOf(faces, "frame") + ": P(fake) " + Percent(explanation.verdict.tracks[track].score);
}

std::string Side(const ExplainOptions& options) {
  return options.maps.target == ExplainedTarget::kReal ? "real" : "fake";
}

// `where` the value that is drawn as 1 was found.
std::string Footer(const ExplainOptions& options, double scale, const std::string& where) {
  const std::string what = "speaks for " + Side(options);
  if (!(scale > 0)) return "nothing in this " + where + " " + what;
  return "colour: how much a place " + what + "; 1 = the most anywhere in this " + where + " (" +
         std::string(NameOf(options.maps.method)) + ")";
}

std::string PictureName(int track, size_t rank) {
  return "face-" + std::to_string(track) + "-" + std::to_string(rank + 1) + ".png";
}

void DrawGrid(const FileExplanation& explanation, const std::vector<std::string>& models,
              const std::filesystem::path& path) {
  MapGrid grid{.models = models, .faces = {}, .rows = {}};
  for (size_t t = 0; t < explanation.tracks.size(); ++t) {
    const TrackExplanation& track = explanation.tracks[t];
    for (const ShownFace& shown : track.shown) {
      const FaceExplanation& face = track.faces[shown.face];
      std::string label = "face " + std::to_string(explanation.verdict.tracks[t].id);
      if (!explanation.verdict.is_picture) label += ", " + FormatFixed(face.face.time, 2) + " s";
      grid.faces.push_back(label);
      auto& row = grid.rows.emplace_back();
      row.push_back({shown.picture, face.map, face.score});
      for (const ShownFace::Other& other : shown.others) {
        row.push_back({other.crop, other.explanation.map, other.explanation.score});
      }
    }
  }
  WritePicture(path, DrawMapGrid(grid));
}

Json ShownToJson(const FileExplanation& explanation, size_t track, const ExplanationFiles& files,
                 const std::vector<std::string>& models, const std::string& prefix) {
  Json list = Json::array();
  const TrackExplanation& of = explanation.tracks[track];
  for (size_t i = 0; i < of.shown.size(); ++i) {
    const FaceExplanation& face = of.faces[of.shown[i].face];
    Json entry = {{"frame", face.face.frame},
                  {"time", std::round(face.face.time * 1e3) / 1e3},
                  {"score", Rounded(face.score)},
                  {"picture", prefix + files.tracks[track].faces[i]},
                  {"map", MapToJson(face.map)}};
    if (!of.shown[i].others.empty()) {
      Json others = Json::array();
      for (size_t k = 0; k < of.shown[i].others.size(); ++k) {
        const CropExplanation& other = of.shown[i].others[k].explanation;
        others.push_back({{"model", models[k + 1]},
                          {"score", Rounded(other.score)},
                          {"margin", Rounded(other.margin)},
                          {"map", MapToJson(other.map)}});
      }
      entry["compared"] = std::move(others);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

ExplanationFiles WriteExplanationPictures(const FileExplanation& explanation,
                                          const ExplainOptions& options,
                                          const std::vector<std::string>& models,
                                          const std::filesystem::path& folder) {
  ExplanationFiles files;
  bool compared = false;
  for (size_t t = 0; t < explanation.tracks.size(); ++t) {
    const TrackExplanation& track = explanation.tracks[t];
    const int id = explanation.verdict.tracks[t].id;
    ExplanationFiles::Track& names = files.tracks.emplace_back();
    for (size_t i = 0; i < track.shown.size(); ++i) {
      const ShownFace& shown = track.shown[i];
      names.faces.push_back(PictureName(id, i));
      WritePicture(
          folder / names.faces.back(),
          DrawExplainedCrop(shown.picture, track.faces[shown.face].map, explanation.scale,
                            FaceTitle(explanation, t, shown),
                            Footer(options, explanation.scale, "file"), options.picture_size));
      compared = compared || !shown.others.empty();
    }
    if (track.faces.size() < 2) continue;  // the mean of one is that one
    names.mean = "face-" + std::to_string(id) + "-mean.png";
    const double scale = track.mean_map.Largest();
    WritePicture(
        folder / names.mean,
        DrawExplainedCrop(track.mean_crop, track.mean_map, scale, MeanTitle(explanation, t),
                          Footer(options, scale, "picture"), options.picture_size));
  }
  if (compared) {
    files.grid = "models.png";
    DrawGrid(explanation, models, folder / files.grid);
  }
  return files;
}

Json ToJson(const FileExplanation& explanation, const ExplanationFiles& files,
            const std::vector<std::string>& models, const std::string& prefix) {
  const auto place = [&](const std::string& name) {
    return name.empty() ? Json(nullptr) : Json(prefix + name);
  };
  Json json = ToJson(explanation.verdict);
  for (size_t t = 0; t < explanation.tracks.size(); ++t) {
    const TrackExplanation& track = explanation.tracks[t];
    Json& entry = json["tracks"][t];
    for (size_t i = 0; i < track.faces.size(); ++i) {
      entry["faces"][i]["margin"] = Rounded(track.faces[i].margin);
    }
    entry["shown"] = ShownToJson(explanation, t, files, models, prefix);
    entry["mean_map"] = MapToJson(track.mean_map);
    entry["mean_picture"] = place(files.tracks[t].mean);
  }
  json["scale"] = FourDigits(explanation.scale);
  json["faithfulness"] = FaithfulnessToJson(explanation.faithfulness);
  json["pictures"] = {{"timeline", place(files.timeline)},
                      {"overlay", place(files.overlay)},
                      {"models", place(files.grid)}};
  return json;
}

Json ExplanationHead(const DetectionSettings& settings, const ExplainOptions& options,
                     const std::vector<std::string>& models) {
  Json head = {{"schema", "unmask/explain"}, {"version", kSchemaVersion}};
  head.update(ToJson(settings));
  Json& used = head["options"];
  used["method"] = NameOf(options.maps.method);
  used["target"] = NameOf(options.maps.target);
  used["layer"] = options.maps.layer.empty() ? "features" : options.maps.layer;
  used["frames"] = options.frames;
  head["compared"] = std::vector<std::string>(models.begin() + 1, models.end());
  return head;
}

std::string DescribeExplanation(const FileExplanation& explanation, const ExplainOptions& options) {
  std::string text = DescribeVerdict(explanation.verdict);
  if (explanation.tracks.empty()) return text;
  if (!(explanation.scale > 0)) {
    return text + "  nothing in any face speaks for " + Side(options) + "; the maps are empty\n";
  }
  const Faithfulness& f = explanation.faithfulness;
  if (f.faces == 0) return text;
  text += "  " + DescribeFaithfulness(f) + "\n";
  const auto gain = [](const FaithfulnessAreas& areas) { return FormatFixed(areas.gain(), 2); };
  return text + "  (insertion less deletion on " + CountOf(static_cast<size_t>(f.faces), "face") +
         ": maps " + gain(f.map) + ", middle of the face " + gain(f.centre) +
         ", the maps elsewhere " + gain(f.random) + ")\n";
}

}  // namespace unmask
