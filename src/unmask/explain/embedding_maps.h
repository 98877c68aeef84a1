#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/explain/embeddings.h"
#include "unmask/explain/tsne.h"

namespace unmask {

// How many neighbours EmbeddingMap::trustworthiness looks at; fewer where there are few faces.
inline constexpr size_t kTrustworthinessNeighbours = 5;

struct EmbeddingMapOptions {
  FaceSelection faces;
  bool tsne = true;  // make this map
  bool pca = true;   // and this one
  TsneOptions tsne_options;
  ClassifierOptions classifier;  // its threads are also those of everything else
  // With several models: only the map of all their features together, none of each alone.
  bool fusion_only = false;
  // What the maps call the models, in their order; empty: by their name, loss or file.
  std::vector<std::string> names;
};

// A model as it was used.
struct EmbeddingModel {
  std::string name;  // unlike those of the others: of the model, its loss, or the file
  std::string sha256;
  Precision precision = Precision::kFloat;
};

// Faces in the plane, row i being the i-th face.
struct EmbeddingMap {
  Points points;
  // Neighbours on the map are neighbours among the features, 0 … 1 (see Trustworthiness()); not of
  // fewer than three faces.
  std::optional<double> trustworthiness;
};

// The maps of one kind of features.
struct FeatureMaps {
  std::string features;   // the model's name, or "a + b" for the fusion
  size_t dimensions = 0;  // of a face
  Points vectors;         // the features themselves
  std::optional<EmbeddingMap> tsne;
  double perplexity = 0;     // of t-SNE, as used
  double kl_divergence = 0;  // of t-SNE
  std::optional<EmbeddingMap> pca;
  std::vector<double> explained;  // share of the variance along the two components, 0 … 1
};

struct EmbeddingTable {
  std::vector<EmbeddedFace> faces;
  int64_t available = 0;  // faces of the selected files
  std::vector<EmbeddingModel> models;
  std::vector<FeatureMaps> maps;  // of each model, in their order, then of the fusion
};

// Called with what is being done, how much of it is done and how much there is to do, in `unit`s.
using EmbeddingProgress = std::function<void(const std::string& what, const std::string& unit,
                                             int64_t done, int64_t total)>;

// Shows the faces of stores as one model, or several and their fusion, see them. Throws UsageError
// where there is no model and for options out of range, Error as Classifier, SelectFaces() and
// EmbedFaces() do, Cancelled when `cancel` is set meanwhile.
EmbeddingTable MapEmbeddings(const std::vector<std::filesystem::path>& models,
                             const std::vector<std::shared_ptr<const CropStore>>& stores,
                             const EmbeddingMapOptions& options = {},
                             const CancelToken* cancel = nullptr,
                             const EmbeddingProgress& progress = nullptr);

// A line for every face under every kind of features: features,file,class,label,split,identity,
// quality,track,frame,time and, of the maps that there are, tsne_x,tsne_y and pca_1,pca_2.
std::string MapsCsv(const EmbeddingTable& table);

// A line for every face: file,class,label,identity,track,frame and the values v1,v2,… of its
// features of `maps`, which belong to the table.
std::string VectorsCsv(const EmbeddingTable& table, const FeatureMaps& maps);

}  // namespace unmask
