#pragma once

// For tests: small stores of faces.

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "unmask/data/crop_store.h"
#include "unmask/data/prepare.h"

namespace unmask {

// Prepares the sample photos below `folder` as real faces: some in the split "train", others in
// "val". Returns the store.
inline std::filesystem::path MakeTestStore(const std::filesystem::path& folder) {
  const std::filesystem::path samples = std::filesystem::path(UNMASK_DEPS_DIR) / "samples";
  std::vector<PrepareInput> inputs;
  for (int i = 1; i <= 6; ++i) {
    const std::string name = "sample" + std::to_string(i) + ".jpg";
    inputs.push_back({.file = samples / name, .split = i <= 4 ? "train" : "val", .label = 0});
  }
  const std::filesystem::path store = folder / "store";
  Prepare(inputs, store, {.crop_size = 112});
  return store;
}

// A copy of the store `from` in which every record went through `change`. Returns `to`.
inline std::filesystem::path CopyTestStore(const std::filesystem::path& from,
                                           const std::filesystem::path& to,
                                           const std::function<void(CropRecord&)>& change) {
  const CropStore store = OpenCropStore(from);
  CropStoreWriter writer(to, store.info);
  for (const CropRecord& record : store.records) {
    AlignedFace face{record.face, store.ReadCrop(record), record.crop_from_frame};
    face.face.mesh.clear();
    for (const Point& p : store.MeshInCrop(record)) {
      face.face.mesh.push_back(record.crop_from_frame.Inverse()(p));
    }
    CropRecord changed = record;
    change(changed);
    writer.Add(face, changed);
  }
  writer.Finish();
  return to;
}

}  // namespace unmask
