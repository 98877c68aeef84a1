#include "unmask/detect/forged_store.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/forge/registry.h"
#include "unmask/media/recompress.h"
#include "unmask/media/scale.h"
#include "unmask/sampling/similar_faces.h"

namespace unmask {
namespace {

// A frame that is predicted from one before, as most frames of a video are.
constexpr int kFrames = 3;

void CheckMeans(const std::vector<std::string>& forgeries) {
  for (const std::string& name : forgeries) {
    const Forgery& forgery = FindForgery(name);
    if (forgery.means != nullptr) forgery.means();
  }
}

std::vector<StoredFace> RealFaces(const CropStore& store, const std::vector<ScoredFile>& files) {
  std::set<std::string> real;
  for (const ScoredFile& file : files) {
    if (file.label == 0) real.insert(file.file);
  }
  std::vector<StoredFace> faces;
  for (const CropRecord& record : store.records) {
    if (real.contains(record.source)) faces.push_back({&store, &record});
  }
  return faces;
}

FaceCrop ReadFace(const CropStore& store, const CropRecord& record) {
  return {store.ReadCrop(record), store.MeshInCrop(record)};
}

// The crop so small that its face has `size` pixels.
Image WithFaceOf(int size, const CropStore& store, const CropRecord& record, const Image& crop) {
  const std::string face = store.path.string() + ": face " + std::to_string(record.id);
  const double stored = FaceSize(store.MeshInCrop(record));
  if (!std::isfinite(stored) || stored <= 1) {
    throw Error(face + " has landmarks without extent",
                "`unmask prepare --check` tells what else is damaged");
  }
  if (stored < size) {
    throw Error(face + " is stored with " + std::to_string(static_cast<int>(stored)) +
                    " pixels, fewer than the face size " + std::to_string(size),
                "Give a smaller one, or prepare the faces with a greater --crop-size");
  }
  const int pixels = std::max(2, static_cast<int>(crop.width * size / stored));
  return Scaled(crop, pixels, pixels);
}

}  // namespace

struct ForgedStore::Other {
  SimilarFaces faces;
};

ForgedStore::ForgedStore(const CropStore& store, const StoreSelection& selection)
    : store_(store), selection_(selection) {
  CheckMeans(selection.forgeries);
  if (selection.face_size < 0) {
    throw UsageError(
        "the face size is " + std::to_string(selection.face_size) + " pixels, which is less than 0",
        "Give a number of pixels, or 0 for the faces as they are");
  }
  if (selection.crf > 51) throw UsageError("a CRF must lie in 0 … 51");
  const std::vector<ScoredFile> selected = SelectFiles(store, selection);
  for (const ScoredFile& file : selected) {
    if (file.label == 1 || selection.forgeries.empty()) {
      files_.push_back({file, file.file, ""});
      continue;
    }
    for (const std::string& forgery :
         std::set(selection.forgeries.begin(), selection.forgeries.end())) {
      File copy{file, file.file, forgery};
      copy.scores.file += "#" + forgery;
      files_.push_back(copy);
      copy.scores.label = 1;
      copy.scores.class_name = forgery;
      files_.push_back(std::move(copy));
    }
  }
  const bool need_others =
      std::any_of(selection.forgeries.begin(), selection.forgeries.end(),
                  [](const std::string& name) { return FindForgery(name).needs_other_face; });
  if (need_others)
    other_ = std::make_unique<const Other>(Other{SimilarFaces(RealFaces(store, selected))});
}

ForgedStore::~ForgedStore() = default;

Image ForgedStore::Crop(const File& file, const CropRecord& record) const {
  Image crop = file.forgery.empty() ? store_.ReadCrop(record) : Forged(file, record);
  const int size = crop.width;
  if (selection_.face_size > 0) crop = WithFaceOf(selection_.face_size, store_, record, crop);
  if (selection_.crf >= 0) {
    crop = RecompressH264(crop, {.crf = selection_.crf, .frames = kFrames});
  }
  return crop.width == size ? crop : Scaled(crop, size, size);
}

Image ForgedStore::Forged(const File& file, const CropRecord& record) const {
  const FaceCrop face = ReadFace(store_, record);
  Random random(DeriveSeed(selection_.seed, file.forgery, static_cast<uint64_t>(record.id)));
  ForgeryInput input{.face = face};
  if (other_) {
    input.other_face = [&](Random& draw) {
      const StoredFace& other = other_->faces.Draw(face.mesh, record.identity, draw);
      return ReadFace(*other.store, *other.record);
    };
  }
  RealAndFake pair = FindForgery(file.forgery).forge(input, random);
  return std::move(file.scores.label == 1 ? pair.fake : pair.real);
}

}  // namespace unmask
