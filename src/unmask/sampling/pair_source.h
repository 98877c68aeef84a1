#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/data/crop_store.h"
#include "unmask/forge/forgery_mix.h"
#include "unmask/sampling/augment.h"
#include "unmask/sampling/face_pool.h"
#include "unmask/sampling/sampling_options.h"
#include "unmask/sampling/similar_faces.h"

namespace unmask {

// A face as the network will see it.
struct Sample {
  Image image;
  int label = 0;  // 1 = fake
};

// An endless numbered stream of pairs of faces, ready for the network's size.
//
// Pair `i` depends on the stores, the options and (seed, i) alone, so that any thread can make any
// pair and a resumed run sees what an uninterrupted one would have seen. Thread-safe.
class PairSource {
 public:
  struct Options {
    std::string split = "train";
    std::string forgery = "self-blend";  // see ForgeryMix; "none": fakes are drawn from the stores
    double forgery_strength = 1;         // see ForgeryInput
    std::span<const Forgery> forgeries = Forgeries();  // the table that names stand in
    SamplingOptions sampling;
    AugmentOptions augment;  // input_scale is taken from the stores
    uint64_t seed = 1;
  };

  // `stores` must share crop size and scale. Throws UsageError for a class or quality that the
  // stores do not have and for what is no mix of forgeries; Error when the split has no real faces,
  // no fake ones where they are needed, none of a class that is asked for, or real faces of one
  // person only where a forgery needs another's.
  PairSource(std::vector<std::shared_ptr<const CropStore>> stores, const Options& options);

  // A real and a fake face, in this order; with the balance "none" any two.
  using Pair = std::array<Sample, 2>;
  Pair Make(int64_t index) const;

  // The name of the forgery that makes the fake of pair `index`; "" where it is drawn.
  std::string_view ForgeryOf(int64_t index) const;

  // The stored crop of the first face of pair `index`.
  Image StoredCrop(int64_t index) const;

  const AugmentOptions& augment() const { return options_.augment; }

  // Pairs after which every real face (with the balance "none" every face) had its turn, or as many
  // of each video as SamplingOptions::frames_per_video allows.
  int64_t pairs_per_epoch() const;
  int output_size() const { return options_.augment.output_size; }  // pixels
  int64_t real_faces() const { return real_faces_; }
  int64_t fake_faces() const { return fake_faces_; }  // 0 where they are forged
  int64_t people() const { return people_; }          // whose faces these are
  int64_t PeopleOf(int64_t pairs) const;              // and whose the first `pairs` begin with

 private:
  std::vector<StoredFace> Select() const;
  void CheckSelection(const std::vector<StoredFace>& faces) const;
  void MakePools(const std::vector<StoredFace>& faces);
  Random RandomOf(int64_t index) const;
  RealAndFake Forge(const StoredFace& real, Random& random) const;
  const StoredFace& DrawFake(const StoredFace& real, int64_t index) const;

  std::vector<std::shared_ptr<const CropStore>> stores_;
  Options options_;
  std::optional<ForgeryMix> forgeries_;  // none: fakes are drawn from the stores
  int64_t real_faces_ = 0, fake_faces_ = 0, people_ = 0;
  std::optional<FacePool> first_;        // of real faces; with the balance "none" of all
  std::vector<FacePool> fake_;           // one, or one a class
  std::optional<SimilarFaces> similar_;  // where a forgery needs another face
};

// OpenCropStores() for training: also throws Error, naming the store, when crops differ in size or
// scale and when an identity is in two splits.
std::vector<std::shared_ptr<const CropStore>> OpenStores(
    const std::vector<std::filesystem::path>& paths);

}  // namespace unmask
