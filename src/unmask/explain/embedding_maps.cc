#include "unmask/explain/embedding_maps.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/explain/model_names.h"
#include "unmask/explain/pca.h"
#include "unmask/explain/trustworthiness.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

void CheckModels(const std::vector<fs::path>& models) {
  if (models.empty()) throw UsageError("no model is given");
  std::set<fs::path> seen;
  for (const fs::path& model : models) {
    if (!seen.insert(fs::weakly_canonical(model)).second) {
      throw UsageError(model.string() + ": the model is given twice", "Name it once");
    }
  }
}

EmbeddingMap Judged(const Points& vectors, Points points, int threads, const CancelToken* cancel) {
  EmbeddingMap map{.points = std::move(points), .trustworthiness = {}};
  const size_t k = std::min(kTrustworthinessNeighbours, (vectors.count - 1) / 2);
  if (k >= 1) map.trustworthiness = Trustworthiness(vectors, map.points, k, threads, cancel);
  return map;
}

// PCA's two coordinates; 0 where there are fewer components.
Points InThePlane(const Points& projected) {
  Points plane(projected.count, 2);
  for (size_t i = 0; i < projected.count; ++i) {
    std::copy_n(projected.row(i).begin(), std::min<size_t>(2, projected.dimensions),
                plane.row(i).begin());
  }
  return plane;
}

FeatureMaps MapFeatures(const std::string& name, Points vectors, const EmbeddingMapOptions& options,
                        const CancelToken* cancel, const EmbeddingProgress& progress) {
  FeatureMaps maps{.features = name, .dimensions = vectors.dimensions};
  const int threads = options.classifier.threads;
  if (options.tsne) {
    TsneOptions tsne_options = options.tsne_options;
    tsne_options.threads = threads;
    TsneMap map = Tsne(vectors, tsne_options, cancel, [&](int done, int total) {
      if (progress) progress("t-SNE of " + name, "iterations", done, total);
    });
    maps.perplexity = map.perplexity;
    maps.kl_divergence = map.kl_divergence;
    maps.tsne = Judged(vectors, std::move(map.points), threads, cancel);
  }
  if (options.pca) {
    const Pca pca = FitPca(vectors, 2);
    for (size_t c = 0; c < 2; ++c) {
      maps.explained.push_back(c < pca.variances.size() ? pca.ExplainedShare(c) : 0);
    }
    maps.pca = Judged(vectors, InThePlane(pca.Project(vectors)), threads, cancel);
  }
  maps.vectors = std::move(vectors);
  return maps;
}

std::string Value(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.7g", value);
  return text;
}

std::string Place(const std::optional<EmbeddingMap>& map, size_t face) {
  if (!map) return "";
  return "," + Value(map->points.row(face)[0]) + "," + Value(map->points.row(face)[1]);
}

std::string LabelOf(const EmbeddedFace& face) { return face.label == 1 ? "fake" : "real"; }

}  // namespace

EmbeddingTable MapEmbeddings(const std::vector<fs::path>& models,
                             const std::vector<std::shared_ptr<const CropStore>>& stores,
                             const EmbeddingMapOptions& options, const CancelToken* cancel,
                             const EmbeddingProgress& progress) {
  CheckModels(models);
  options.tsne_options.Validate();
  if (!options.names.empty() && options.names.size() != models.size()) {
    throw UsageError(CountOf(options.names.size(), "name") + " for " +
                     CountOf(models.size(), "model"));
  }
  if (models.size() > 1 && !options.classifier.sidecar.empty()) {
    throw UsageError("a description of the model goes with a single model");
  }
  const SelectedFaces selected = SelectFaces(stores, options.faces);
  EmbeddingTable table{.faces = selected.faces, .available = selected.available};

  // One model at a time: each takes hundreds of megabytes while it runs.
  std::vector<ModelMetadata> metadata;
  std::vector<Points> vectors;
  for (const fs::path& path : models) {
    Classifier classifier(path, options.classifier);
    metadata.push_back(classifier.metadata());
    table.models.push_back({"", classifier.sha256(), classifier.precision()});
    vectors.push_back(EmbedFaces(
        classifier, selected, options.classifier.threads, cancel, [&](int64_t done, int64_t total) {
          if (progress) progress("features of " + path.filename().string(), "faces", done, total);
        }));
  }
  const std::vector<std::string> names =
      options.names.empty() ? NamesThatDiffer(metadata, models) : options.names;
  for (size_t m = 0; m < names.size(); ++m) table.models[m].name = names[m];

  Points fused;
  if (models.size() > 1) fused = FuseEmbeddings(vectors);
  for (size_t m = 0; m < models.size(); ++m) {
    if (models.size() > 1 && options.fusion_only) break;
    table.maps.push_back(MapFeatures(names[m], std::move(vectors[m]), options, cancel, progress));
  }
  if (models.size() > 1) {
    table.maps.push_back(
        MapFeatures(Join(names, " + "), std::move(fused), options, cancel, progress));
  }
  return table;
}

std::string MapsCsv(const EmbeddingTable& table) {
  std::string csv = "features,file,class,label,split,identity,quality,track,frame,time";
  if (!table.maps.empty() && table.maps[0].tsne) csv += ",tsne_x,tsne_y";
  if (!table.maps.empty() && table.maps[0].pca) csv += ",pca_1,pca_2";
  csv += "\n";
  for (const FeatureMaps& maps : table.maps) {
    for (size_t i = 0; i < table.faces.size(); ++i) {
      const EmbeddedFace& face = table.faces[i];
      for (const std::string& text : {maps.features, face.file, face.class_name, LabelOf(face),
                                      face.split, face.identity, face.quality}) {
        csv += CsvField(text) + ",";
      }
      csv += std::to_string(face.track) + "," + std::to_string(face.frame) + "," +
             FormatFixed(face.time, 3) + Place(maps.tsne, i) + Place(maps.pca, i) + "\n";
    }
  }
  return csv;
}

std::string VectorsCsv(const EmbeddingTable& table, const FeatureMaps& maps) {
  std::string csv = "file,class,label,identity,track,frame";
  for (size_t d = 1; d <= maps.dimensions; ++d) csv += ",v" + std::to_string(d);
  csv += "\n";
  for (size_t i = 0; i < table.faces.size(); ++i) {
    const EmbeddedFace& face = table.faces[i];
    for (const std::string& text : {face.file, face.class_name, LabelOf(face), face.identity}) {
      csv += CsvField(text) + ",";
    }
    csv += std::to_string(face.track) + "," + std::to_string(face.frame);
    for (const double value : maps.vectors.row(i)) csv += "," + Value(value);
    csv += "\n";
  }
  return csv;
}

}  // namespace unmask
