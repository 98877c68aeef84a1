#pragma once

// For .cc files of the store only: what its reader and its writer agree on.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "unmask/data/crop_store.h"
#include "unmask/data/crop_store_database.h"

namespace unmask {

inline constexpr int kCropStoreFormat = 2;

// Marks the file as ours in SQLite's header: "UNMK".
inline constexpr int64_t kCropStoreApplication = 0x554e4d4b;

// A face's id is its file's number · 2²⁴ + its number within the file, both from 0, so that ids do
// not depend on the order in which files were prepared.
inline constexpr int kFaceBits = 24;

// The tables of a new store.
extern const char* const kCropStoreTables;

// Throws Error when the file is not a store of this format; needs no SQLite.
void CheckIsCropStore(const std::filesystem::path& path);

// The row of the table `store`, and whether it is finished.
struct CropStoreState {
  CropStoreInfo info;
  bool finished = false;
};
CropStoreState ReadState(Database& database);

// The table `files`. `done`: whether each was looked at.
std::vector<SourceFile> ReadFiles(Database& database, std::vector<bool>* done = nullptr);

// A finished store without its records.
CropStore OpenWithoutRecords(const std::filesystem::path& path);

// See CropStoreInfo::fingerprint.
std::string FingerprintOf(Database& database);

// Points as little-endian float32 x, y, x, y, …
std::vector<uint8_t> BytesOfPoints(std::span<const Point> points);
// Throws Error unless there are `count` of them.
std::vector<Point> PointsOfBytes(std::span<const uint8_t> bytes, size_t count);

}  // namespace unmask
