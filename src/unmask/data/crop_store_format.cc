#include "unmask/data/crop_store_format.h"

#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/base/random.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little && sizeof(Point) == 8);

constexpr const char* kAgain = "Make the store again with `unmask prepare`";

uint32_t BigEndian(const char* bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

}  // namespace

// Small rows and large ones lie apart, so that reading all small ones does not pass over the large.
const char* const kCropStoreTables = R"(
CREATE TABLE store(
  crop_size INTEGER NOT NULL, crop_scale REAL NOT NULL, program_version TEXT NOT NULL,
  settings TEXT NOT NULL, finished INTEGER NOT NULL, fingerprint TEXT NOT NULL);
CREATE TABLE files(
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, identity TEXT NOT NULL, split TEXT NOT NULL,
  label INTEGER NOT NULL, class TEXT NOT NULL, quality TEXT NOT NULL,
  faces_per_track INTEGER NOT NULL, done INTEGER NOT NULL,
  tracks INTEGER NOT NULL, faces INTEGER NOT NULL, failure TEXT NOT NULL, remedy TEXT NOT NULL);
CREATE TABLE faces(
  id INTEGER PRIMARY KEY, track INTEGER NOT NULL, frame INTEGER NOT NULL, time REAL NOT NULL,
  x0 REAL NOT NULL, y0 REAL NOT NULL, x1 REAL NOT NULL, y1 REAL NOT NULL,
  confidence REAL NOT NULL, presence REAL NOT NULL, blur REAL NOT NULL,
  a REAL NOT NULL, b REAL NOT NULL, tx REAL NOT NULL, ty REAL NOT NULL, points BLOB NOT NULL);
CREATE TABLE crops(id INTEGER PRIMARY KEY, mesh BLOB NOT NULL, picture BLOB NOT NULL);
)";

void CheckIsCropStore(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path / "store.json", error)) {
    throw Error(path.string() + ": is a store of an earlier version, a folder; now it is one file",
                kAgain);
  }
  const std::string make = "Make one with `unmask prepare FILES --out STORE`";
  if (!fs::exists(path, error)) throw Error(path.string() + ": does not exist", make);
  std::array<char, 100> header{};
  std::ifstream file(path, std::ios::binary);
  const bool read = !fs::is_directory(path, error) && file.read(header.data(), header.size());
  if (!read || std::memcmp(header.data(), "SQLite format 3", 16) != 0 ||
      BigEndian(header.data() + 68) != kCropStoreApplication) {
    throw Error(path.string() + ": is not a store of faces", make);
  }
  const uint32_t format = BigEndian(header.data() + 60);
  if (format != kCropStoreFormat) {
    throw Error(path.string() + ": is a store of format " + std::to_string(format) +
                    ", and this program reads format " + std::to_string(kCropStoreFormat),
                kAgain);
  }
}

CropStoreState ReadState(Database& database) {
  Statement row(database,
                "SELECT crop_size, crop_scale, program_version, settings, finished, fingerprint "
                "FROM store");
  CropStoreState state;
  CropStoreInfo& info = state.info;
  if (row.Step()) {
    info.crop_size = static_cast<int>(row.Integer(0));
    info.crop_scale = row.Real(1);
    info.program_version = row.Text(2);
    const Json settings = Json::parse(row.Text(3), nullptr, false);
    if (settings.is_object()) {
      for (const auto& [name, value] : settings.items()) {
        if (value.is_string()) info.settings.emplace_back(name, value.get<std::string>());
      }
    }
    state.finished = row.Integer(4) != 0;
    info.fingerprint = row.Text(5);
  }
  if (info.crop_size < 16 || info.crop_size > 2048 || !(info.crop_scale > 0)) {
    throw Error(database.path().string() + ": does not say how large its crops are", kAgain);
  }
  return state;
}

std::vector<SourceFile> ReadFiles(Database& database, std::vector<bool>* done) {
  Statement row(database,
                "SELECT source, identity, split, label, class, quality, tracks, faces, failure, "
                "remedy, done, id, faces_per_track FROM files ORDER BY id");
  std::vector<SourceFile> files;
  while (row.Step()) {
    if (row.Integer(11) != static_cast<int64_t>(files.size()) || row.Integer(3) < -1 ||
        row.Integer(3) > 1) {
      throw Error(database.path().string() + ": its list of files is damaged at file " +
                      std::to_string(files.size()),
                  kAgain);
    }
    files.push_back({.source = row.Text(0),
                     .identity = row.Text(1),
                     .split = row.Text(2),
                     .label = static_cast<int>(row.Integer(3)),
                     .class_name = row.Text(4),
                     .quality = row.Text(5),
                     .faces_per_track = row.Integer(12),
                     .tracks = row.Integer(6),
                     .faces = row.Integer(7),
                     .failure = row.Text(8),
                     .remedy = row.Text(9)});
    if (done != nullptr) done->push_back(row.Integer(10) != 0);
  }
  return files;
}

std::string FingerprintOf(Database& database) {
  uint64_t hash = 0;
  for (const char* query :
       {"SELECT source, identity, split, label, class, quality, faces, failure FROM files "
        "ORDER BY id",
        "SELECT id, track, frame, blur, a, b, tx, ty, points FROM faces ORDER BY id"}) {
    Statement row(database, query);
    while (row.Step()) {
      for (int column = 0; column < row.columns(); ++column) {
        const std::span<const uint8_t> bytes = row.Blob(column);
        hash = DeriveSeed(hash, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      }
    }
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

std::vector<uint8_t> BytesOfPoints(std::span<const Point> points) {
  std::vector<uint8_t> bytes(points.size_bytes());
  if (!bytes.empty()) std::memcpy(bytes.data(), points.data(), bytes.size());
  return bytes;
}

std::vector<Point> PointsOfBytes(std::span<const uint8_t> bytes, size_t count) {
  if (bytes.size() != count * sizeof(Point)) {
    throw Error("it has " + std::to_string(bytes.size() / sizeof(Point)) + " landmarks, not " +
                std::to_string(count));
  }
  std::vector<Point> points(count);
  std::memcpy(points.data(), bytes.data(), bytes.size());
  return points;
}

}  // namespace unmask
