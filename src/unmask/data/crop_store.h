#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "unmask/face/face.h"

namespace unmask {

// A folder of aligned crops with their landmarks: what `prepare` writes and `train` reads.
//
//   STORE/store.json       format version, crop size, scale, what made it
//   STORE/faces.jsonl      one face a line
//   STORE/crops/….png      lossless, so that storage adds no artefact
struct CropRecord {
  std::string crop;        // path of the picture relative to the store
  std::string source;      // the media file it came from, as given
  std::string identity;    // the person; files that share one never straddle a split
  std::string split;       // "train", "val", "test" or ""
  int label = -1;          // 1 fake, 0 real, -1 unknown
  std::string class_name;  // "Deepfakes", "real", …; "" where the label is unknown or in old stores
  std::string quality;     // "c23", …; "" where it is not known
  int track = 0;
  Face face;  // landmarks in pixels of the original frame
  Similarity crop_from_frame;
};

struct CropStoreInfo {
  int format_version = 1;
  int crop_size = 0;
  double crop_scale = 0;
  std::string program_version;
};

// Writes a store. The folder appears under its name when Finish() returns.
class CropStoreWriter {
 public:
  CropStoreWriter(const std::filesystem::path& folder, const CropStoreInfo& info);
  ~CropStoreWriter();
  void Add(const AlignedFace& face, CropRecord record);  // fills crop, face, crop_from_frame
  void Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct CropStore {
  std::filesystem::path folder;
  CropStoreInfo info;
  std::vector<CropRecord> records;

  Image ReadCrop(const CropRecord& record) const;
  // The landmarks in pixels of the crop.
  std::vector<Point> MeshInCrop(const CropRecord& record) const;
};

// Throws Error naming the file and line that is wrong.
CropStore OpenCropStore(const std::filesystem::path& folder);

}  // namespace unmask
