#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "unmask/face/face.h"

namespace unmask {

// A store of faces: aligned crops with their landmarks and what is known of them. `prepare` writes
// it (see crop_store_writer.h), `train` and `evaluate` read it.
//
// It is one file, a SQLite database, with the crops as lossless WebP pictures, so that storage adds
// no artefact. docs/datasets.md describes its tables.

// A face of the store.
struct CropRecord {
  int64_t id = 0;          // of the face within the store
  std::string source;      // the media file it came from, as given
  std::string identity;    // the person; files that share one never straddle a split
  std::string split;       // "train", "val" or "test"
  int label = -1;          // 1 fake, 0 real, -1 unknown
  std::string class_name;  // "Deepfakes", "real", …; "" where the label is unknown
  std::string quality;     // "c23", …; "" where it is not known
  int track = 0;
  Face face;  // in pixels of the original frame; `mesh` is empty, see MeshInCrop()
  Similarity crop_from_frame;
};

// A media file that was looked at, whatever came of it.
struct SourceFile {
  std::string source;  // as in its CropRecords, like the next five
  std::string identity;
  std::string split;
  int label = -1;
  std::string class_name;
  std::string quality;
  int64_t faces_per_track = 0;  // wanted of this file; 0: as the settings of the store say
  int64_t tracks = 0;
  int64_t faces = 0;    // 0 with an empty `failure`: it was read and holds no face
  std::string failure;  // why it could not be read; none of its faces are in the store then
  std::string remedy;   // what can be done about that
};

struct CropStoreInfo {
  int format_version = 2;
  int crop_size = 0;      // pixels
  double crop_scale = 0;  // see AlignmentOptions::scale
  std::string program_version;
  // Changes when a file, a face or what is known of them does; 16 hexadecimal digits.
  std::string fingerprint;
  // How faces were chosen, name and value, such as {"faces-per-track", "16"}.
  std::vector<std::pair<std::string, std::string>> settings;
};

// A finished store. Copies share what is open.
//
// Landmarks and crops stay on the disk until they are asked for: memory holds some 350 bytes a
// face.
struct CropStore {
  std::filesystem::path path;
  CropStoreInfo info;
  std::vector<SourceFile> files;    // every file that was looked at, in the order they were given
  std::vector<CropRecord> records;  // in the order of the files, within a file that of time

  // Both may be called from several threads at once. They throw Error naming store and face when
  // that is damaged.
  Image ReadCrop(const CropRecord& record) const;
  // The kMeshSize landmarks in pixels of the crop.
  std::vector<Point> MeshInCrop(const CropRecord& record) const;

  class Reader;
  std::shared_ptr<Reader> reader;
};

// Throws Error when the file is no store, was not finished, is damaged or holds no face.
CropStore OpenCropStore(const std::filesystem::path& path);

// Stores that are taken together. Throws also when one is given twice or is a copy of another: its
// faces would count twice.
std::vector<std::shared_ptr<const CropStore>> OpenCropStores(
    const std::vector<std::filesystem::path>& paths);

// OpenCropStore() for a store that may hold no face, as a shard may.
CropStore OpenCropStoreOrEmpty(const std::filesystem::path& path);

// What a finished store is, without reading its faces. Throws as OpenCropStore does.
CropStoreInfo ReadCropStoreInfo(const std::filesystem::path& path);

}  // namespace unmask
