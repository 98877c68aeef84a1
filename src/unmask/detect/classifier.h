#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "unmask/face/alignment.h"
#include "unmask/infer/session.h"
#include "unmask/media/image.h"
#include "unmask/model/model_file.h"

namespace unmask {

struct ClassifierOptions {
  // JSON with fields of ModelMetadata, laid over those of the model; empty: none. A model that
  // carries no metadata cannot do without.
  std::filesystem::path sidecar;
  int batch = 8;    // crops classified at once
  int threads = 0;  // 0: one per core
  Precision precision = Precision::kFloat;

  void Validate() const;
};

// A model file as a function from aligned crops to P(fake). One thread at a time.
class Classifier {
 public:
  // Throws Error naming the file: missing, not ONNX, without metadata and sidecar, with inputs or
  // outputs that are not those of a classifier of faces, at odds with what its metadata say.
  explicit Classifier(const std::filesystem::path& model, const ClassifierOptions& options = {});

  const std::filesystem::path& path() const { return path_; }
  const ModelMetadata& metadata() const { return metadata_; }
  const std::string& sha256() const { return description_.sha256; }
  Precision precision() const { return session_.precision(); }  // that the CPU really uses
  int batch() const { return batch_; }                          // the most that Add() takes
  AlignmentOptions alignment() const;                           // of the crops it wants

  // Prepares a crop (RGB, of alignment().size) for the next Run(). At most batch() of them.
  void Add(const Image& crop);
  int waiting() const { return waiting_; }

  // Drops the crops that wait.
  void Discard() { waiting_ = 0; }

  // P(fake) in [0, 1] of each crop added since the last Run(), in order. The score of a crop does
  // not depend on what else is in the batch.
  std::vector<double> Run();

  // What the scores of the last Run() were made of: the logarithm of P(fake) / P(not fake) before
  // calibration, at temperature 1. Finite, also where the score is rounded to 0 or 1.
  const std::vector<double>& margins() const { return margins_; }

  // Any output of the network, such as "features" or "embedding", as the last Run() left it: the
  // images are those of its scores, in order; more may follow where the batch is fixed. Throws
  // Error when there is none of that name.
  const TensorView& output(const std::string& name) const { return session_.output(name); }

  // The name of the output that is the classification.
  const std::string& output_name() const { return session_.outputs()[output_].name; }

  // What the last Run() found of each crop before its head: the network's output `embedding`, one
  // row of embedding_size() values a crop. Empty where the model has no such output. Valid until
  // the next Run().
  std::span<const float> embeddings() const { return embeddings_; }
  bool has_embedding() const { return embedding_output_ >= 0; }
  size_t embedding_size() const { return embedding_size_; }  // 0 before the first Run()

  // EmbeddingDistance() of each crop of the last Run(); zeros where the model does not know it.
  const std::vector<double>& distances() const { return distances_; }

  // Both in one, for any number of crops.
  std::vector<double> Classify(std::span<const Image> crops);

 private:
  std::span<const float> EmbeddingOf(size_t crop) const {
    return embeddings_.subspan(crop * embedding_size_, embedding_size_);
  }
  void CheckInput();
  void ChooseOutput();
  double Probability(std::span<const float> values) const;
  double Margin(std::span<const float> values) const;

  std::filesystem::path path_;
  ModelDescription description_;
  Session session_;
  ModelMetadata metadata_;
  size_t output_ = 0;
  int embedding_output_ = -1;
  size_t embedding_size_ = 0;
  int batch_ = 1;
  bool fixed_batch_ = false;  // the network takes no other number of images
  std::vector<float> input_;  // batch_ × 3 × height × width
  int waiting_ = 0;
  std::vector<double> margins_;
  std::vector<double> distances_;
  std::span<const float> embeddings_;
  std::array<std::array<float, 256>, 3> value_of_;  // of each byte in each channel
};

// The model that is shipped with the program. Throws Error saying how to get or give one.
std::filesystem::path DefaultModel();

}  // namespace unmask
