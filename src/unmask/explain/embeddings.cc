#include "unmask/explain/embeddings.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/detect/crop_reader.h"

namespace unmask {
namespace {

using Stores = std::vector<std::shared_ptr<const CropStore>>;

// `wanted` of `count` numbers 0 …, the middles of equally long parts; all where fewer are there.
std::vector<size_t> SpreadEvenly(size_t count, int64_t wanted) {
  const size_t chosen = wanted > 0 ? std::min(count, static_cast<size_t>(wanted)) : count;
  std::vector<size_t> numbers;
  for (size_t i = 0; i < chosen; ++i) numbers.push_back((2 * i + 1) * count / (2 * chosen));
  return numbers;
}

void CheckClasses(const Stores& stores, const std::vector<std::string>& wanted) {
  std::set<std::string> known;
  for (const auto& store : stores) {
    for (const SourceFile& file : store->files) {
      if (file.label >= 0) known.insert(file.class_name);
    }
  }
  for (const std::string& name : wanted) {
    if (!known.contains(name)) ThrowUnknownName("class", name, {known.begin(), known.end()});
  }
}

struct Candidate {
  const ScoredFile* file;
  const CropRecord* record;
  size_t store;
};

// The faces of the files, in the order of the files, within a file that of time.
void AddCandidates(const CropStore& store, size_t number, const std::vector<ScoredFile>& files,
                   const FaceSelection& selection, SelectedFaces& selected,
                   std::vector<Candidate>& candidates) {
  std::map<std::string, std::vector<const CropRecord*>> records_of;
  for (const ScoredFile& file : files) records_of[file.file];
  for (const CropRecord& record : store.records) {
    const auto file = records_of.find(record.source);
    if (file != records_of.end()) file->second.push_back(&record);
  }
  for (const ScoredFile& file : files) {
    const auto& records = records_of[file.file];
    selected.available += static_cast<int64_t>(records.size());
    for (const size_t i : SpreadEvenly(records.size(), selection.faces_per_file)) {
      candidates.push_back({&file, records[i], number});
    }
  }
}

EmbeddedFace Describe(const Candidate& candidate) {
  const ScoredFile& file = *candidate.file;
  const CropRecord& record = *candidate.record;
  return {.file = file.file,
          .class_name = file.class_or_label(),
          .identity = file.identity,
          .split = file.split,
          .quality = file.quality,
          .label = file.label,
          .track = record.track,
          .frame = record.face.frame,
          .time = record.face.time};
}

}  // namespace

void FaceSelection::Validate() const {
  if (faces_per_file < 0) {
    throw UsageError("faces per file must be at least 0, is " + std::to_string(faces_per_file));
  }
  if (max_faces < 0) {
    throw UsageError("the most faces must be at least 0, is " + std::to_string(max_faces));
  }
}

SelectedFaces SelectFaces(const Stores& stores, const FaceSelection& selection) {
  selection.Validate();
  if (stores.empty()) throw UsageError("no store of faces is given");
  CheckClasses(stores, selection.files.classes);
  SelectedFaces selected;
  selected.stores = stores;
  selected.records.resize(stores.size());
  std::vector<std::vector<ScoredFile>> files(stores.size());
  std::vector<Candidate> candidates;
  bool any = false;
  for (size_t s = 0; s < stores.size(); ++s) {
    try {
      files[s] = SelectFiles(*stores[s], selection.files);
      any = true;
    } catch (const Error&) {
      if (!any && s + 1 == stores.size()) throw;
    }
    AddCandidates(*stores[s], s, files[s], selection, selected, candidates);
  }
  if (candidates.empty()) {
    throw Error(stores.front()->path.string() + ": no face was found in the files asked for",
                "Choose other files with --split, --classes and --quality");
  }
  for (const size_t i : SpreadEvenly(candidates.size(), selection.max_faces)) {
    selected.faces.push_back(Describe(candidates[i]));
    selected.records[candidates[i].store].push_back(candidates[i].record);
  }
  return selected;
}

Points EmbedFaces(Classifier& classifier, const SelectedFaces& faces, int threads,
                  const CancelToken* cancel, const FaceProgress& progress) {
  if (!classifier.has_embedding()) {
    throw Error(classifier.path().string() + ": has no output 'embedding'",
                "Export what the model's last layer sees as an output of this name; models of "
                "`unmask train` have it");
  }
  Points points;
  const size_t total = faces.faces.size();
  classifier.Discard();
  for (size_t s = 0; s < faces.stores.size(); ++s) {
    if (faces.records[s].empty()) continue;
    CropReader reader(*faces.stores[s], faces.records[s], classifier, threads);
    while (const auto crops = reader.Next()) {
      if (cancel != nullptr) cancel->Check();
      for (const Image& crop : *crops) classifier.Add(crop);
      classifier.Run();
      const auto values = classifier.embeddings();
      points.values.insert(points.values.end(), values.begin(), values.end());
      points.count += crops->size();
      points.dimensions = classifier.embedding_size();
      if (progress) progress(static_cast<int64_t>(points.count), static_cast<int64_t>(total));
    }
  }
  RequireFinite(points, (classifier.path().string() + ": features of faces").c_str());
  return points;
}

Points FuseEmbeddings(const std::vector<Points>& embeddings) {
  if (embeddings.empty()) throw Error("there are no features to fuse");
  size_t dimensions = 0;
  for (const Points& part : embeddings) {
    if (part.count != embeddings[0].count) throw Error("features of different numbers of faces");
    dimensions += part.dimensions;
  }
  Points fused(embeddings[0].count, dimensions);
  for (size_t i = 0; i < fused.count; ++i) {
    auto out = fused.row(i).begin();
    for (const Points& part : embeddings) {
      double length = 0;
      for (const double value : part.row(i)) length = std::hypot(length, value);
      for (const double value : part.row(i)) *out++ = length > 0 ? value / length : 0;
    }
  }
  return fused;
}

}  // namespace unmask
