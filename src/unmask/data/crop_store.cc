#include "unmask/data/crop_store.h"

#include <algorithm>
#include <mutex>

#include "unmask/base/error.h"
#include "unmask/data/crop_store_database.h"
#include "unmask/data/crop_store_format.h"
#include "unmask/media/lossless.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRemedy = "`unmask prepare --check STORE` names what is damaged";

// A record by number, for errors.
std::string Name(const fs::path& path, const CropRecord& record) {
  return path.string() + ", face " + std::to_string(record.id) + " (" + record.source + ", frame " +
         std::to_string(record.face.frame) + "): ";
}

CropRecord RecordOf(const Statement& row, const std::vector<SourceFile>& files) {
  CropRecord record;
  record.id = row.Integer(0);
  const auto number = static_cast<size_t>(record.id >> kFaceBits);
  if (record.id < 0 || number >= files.size()) throw Error("it belongs to no file");
  const SourceFile& file = files[number];
  record.source = file.source;
  record.identity = file.identity;
  record.split = file.split;
  record.label = file.label;
  record.class_name = file.class_name;
  record.quality = file.quality;
  record.track = static_cast<int>(row.Integer(1));
  Face& face = record.face;
  const auto real = [&](int column) { return static_cast<float>(row.Real(column)); };
  face.frame = row.Integer(2);
  face.time = row.Real(3);
  face.box = {real(4), real(5), real(6), real(7)};
  face.confidence = real(8);
  face.presence = real(9);
  face.blur = real(10);
  record.crop_from_frame = {row.Real(11), row.Real(12), row.Real(13), row.Real(14)};
  const std::vector<Point> points = PointsOfBytes(row.Blob(15), face.points.size());
  std::copy(points.begin(), points.end(), face.points.begin());
  return record;
}

std::vector<CropRecord> ReadRecords(Database& database, const std::vector<SourceFile>& files) {
  Statement count(database, "SELECT COUNT(*) FROM faces");
  std::vector<CropRecord> records;
  if (count.Step()) records.reserve(static_cast<size_t>(count.Integer(0)));
  Statement row(database,
                "SELECT id, track, frame, time, x0, y0, x1, y1, confidence, presence, blur, a, b, "
                "tx, ty, points FROM faces ORDER BY id");
  while (row.Step()) {
    try {
      records.push_back(RecordOf(row, files));
    } catch (const Error& e) {
      throw Error(database.path().string() + ", face " + std::to_string(row.Integer(0)) + ": " +
                      e.problem(),
                  "Make the store again with `unmask prepare`");
    }
  }
  return records;
}

}  // namespace

// Connections to the store, each used by one thread at a time.
class CropStore::Reader {
 public:
  explicit Reader(fs::path path) : path_(std::move(path)) {}

  // Calls `use` with the blob of the face in this column of the table `crops`.
  template <typename Use>
  auto Read(int64_t id, bool picture, const Use& use) {
    std::unique_ptr<Connection> connection = Take();
    Statement& row = picture ? connection->picture : connection->mesh;
    row.Start(id);
    if (!row.Step()) throw Error("it is missing");
    auto result = use(row.Blob(0));
    row.Reset();
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(connection));
    return result;
  }

 private:
  struct Connection {
    explicit Connection(const fs::path& path) : database(path, Database::Mode::kRead) {}
    Database database;
    Statement picture{database, "SELECT picture FROM crops WHERE id = ?"};
    Statement mesh{database, "SELECT mesh FROM crops WHERE id = ?"};
  };

  std::unique_ptr<Connection> Take() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Connection> connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
      }
    }
    return std::make_unique<Connection>(path_);
  }

  const fs::path path_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

Image CropStore::ReadCrop(const CropRecord& record) const {
  try {
    Image crop = reader->Read(record.id, true, UnpackLossless);
    if (crop.width != info.crop_size || crop.height != info.crop_size) {
      throw Error("it is of " + std::to_string(crop.width) + "x" + std::to_string(crop.height) +
                  " pixels, not of the size that the store states");
    }
    return crop;
  } catch (const Error& e) {
    throw Error(Name(path, record) + e.problem(), kRemedy);
  }
}

std::vector<Point> CropStore::MeshInCrop(const CropRecord& record) const {
  try {
    std::vector<Point> mesh = reader->Read(record.id, false, [](std::span<const uint8_t> bytes) {
      return PointsOfBytes(bytes, kMeshSize);
    });
    for (Point& p : mesh) p = record.crop_from_frame(p);
    return mesh;
  } catch (const Error& e) {
    throw Error(Name(path, record) + e.problem(), kRemedy);
  }
}

CropStore OpenWithoutRecords(const fs::path& path) {
  CheckIsCropStore(path);
  Database database(path, Database::Mode::kRead);
  const CropStoreState state = ReadState(database);
  if (!state.finished || IsHalfWritten(path)) {
    throw Error(path.string() + ": is not finished",
                "Give the same `unmask prepare` command again: it goes on where it stopped");
  }
  return {.path = path,
          .info = state.info,
          .files = ReadFiles(database),
          .records = {},
          .reader = std::make_shared<CropStore::Reader>(fs::absolute(path))};
}

CropStore OpenCropStoreOrEmpty(const fs::path& path) {
  CropStore store = OpenWithoutRecords(path);
  Database database(path, Database::Mode::kRead);
  store.records = ReadRecords(database, store.files);
  return store;
}

CropStoreInfo ReadCropStoreInfo(const fs::path& path) { return OpenWithoutRecords(path).info; }

std::vector<std::shared_ptr<const CropStore>> OpenCropStores(const std::vector<fs::path>& paths) {
  std::vector<std::shared_ptr<const CropStore>> stores;
  for (const fs::path& path : paths) {
    const auto store = std::make_shared<const CropStore>(OpenCropStore(path));
    for (const auto& other : stores) {
      if (other->info.fingerprint != store->info.fingerprint) continue;
      std::error_code ignored;
      if (fs::equivalent(other->path, path, ignored)) {
        throw UsageError(path.string() + " is given twice", "Give it once");
      }
      throw Error(path.string() + ": holds the same faces as " + other->path.string(),
                  "Give one of them");
    }
    stores.push_back(store);
  }
  return stores;
}

CropStore OpenCropStore(const fs::path& path) {
  CropStore store = OpenCropStoreOrEmpty(path);
  if (store.records.empty()) {
    throw Error(path.string() + ": holds no face", "Make the store again with `unmask prepare`");
  }
  return store;
}

}  // namespace unmask
