#include "unmask/data/crop_store_writer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/data/crop_store_database.h"
#include "unmask/data/crop_store_format.h"
#include "unmask/data/crop_store_resume.h"
#include "unmask/media/lossless.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Each commit waits for the disk: with small pictures one a file would be most of the time.
constexpr auto kCommitEvery = std::chrono::seconds(1);

void CheckFinite(const PackedFace& packed) {
  const Face& f = packed.face;
  const Similarity& t = packed.crop_from_frame;
  bool finite = std::isfinite(f.time) && std::isfinite(f.confidence) && std::isfinite(f.presence) &&
                std::isfinite(f.blur) && std::isfinite(t.a + t.b + t.tx + t.ty) &&
                std::isfinite(f.box.x0 + f.box.y0 + f.box.x1 + f.box.y1);
  for (const Point& p : f.points) finite = finite && std::isfinite(p.x + p.y);
  for (const Point& p : f.mesh) finite = finite && std::isfinite(p.x + p.y);
  if (!finite || f.mesh.size() != kMeshSize) {
    throw Error("a face has no complete, finite landmarks (frame " + std::to_string(f.frame) + ")");
  }
}

std::string SettingsText(const CropStoreInfo& info) {
  Json json = Json::object();
  for (const auto& [name, value] : info.settings) json[name] = value;
  return json.dump();
}

bool IsEmptyFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && fs::file_size(path, error) == 0;
}

// The path of a new or unfinished store.
fs::path StorePath(const fs::path& given) {
  fs::path path = fs::absolute(given).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "faces/"
  std::error_code error;
  if (fs::is_directory(path, error)) {
    throw Error(given.string() + ": is a folder, and a store is one file",
                "Give the name of a new file, such as " + (given / "faces.store").string());
  }
  if (fs::exists(path, error) && !IsEmptyFile(path)) CheckIsCropStore(path);
  return path;
}

}  // namespace

PackedFace PackFace(const AlignedFace& face, int track) {
  PackedFace packed{.track = track,
                    .face = face.face,
                    .crop_from_frame = face.crop_from_frame,
                    .picture = PackLossless(face.crop)};
  CheckFinite(packed);
  return packed;
}

struct CropStoreWriter::Impl {
  Impl(const fs::path& given, const CropStoreInfo& wanted, const std::vector<SourceFile>& inputs)
      : path(StorePath(given)), shown(given) {
    std::error_code error;
    const bool is_new = !fs::exists(path, error) || IsEmptyFile(path);
    database.emplace(path, is_new ? Database::Mode::kCreate : Database::Mode::kWrite);
    // A store may have been killed while it was created: then nothing is in it.
    Statement tables(*database, "SELECT COUNT(*) FROM sqlite_master");
    const bool is_empty = tables.Step() && tables.Integer(0) == 0;
    tables.Reset();
    if (is_empty) {
      Create(wanted, inputs);
    } else {
      Resume(wanted, inputs);
    }
  }

  void Create(const CropStoreInfo& wanted, const std::vector<SourceFile>& inputs);
  void Resume(const CropStoreInfo& wanted, const std::vector<SourceFile>& inputs);
  void RemoveFaces(size_t file);
  void Commit();
  void Close() {
    insert_face.reset();
    insert_crop.reset();
    end_file.reset();
    database.reset();
  }

  fs::path path;   // absolute: it is written for long
  fs::path shown;  // as given
  std::optional<Database> database;
  std::optional<Statement> insert_face, insert_crop, end_file;
  std::vector<SourceFile> files;
  std::vector<bool> done;
  int64_t done_count = 0;
  int64_t done_for_good = 0;  // committed
  bool finished = false;
  bool discard = false;
  Clock::time_point committed = Clock::now();
};

void CropStoreWriter::Impl::Create(const CropStoreInfo& wanted,
                                   const std::vector<SourceFile>& inputs) {
  database->Run("BEGIN; PRAGMA application_id = " + std::to_string(kCropStoreApplication) +
                "; PRAGMA user_version = " + std::to_string(kCropStoreFormat) + ";" +
                kCropStoreTables);
  Statement(*database, "INSERT INTO store VALUES(?, ?, ?, ?, 0, '')")
      .Run(wanted.crop_size, wanted.crop_scale, std::string(kVersion), SettingsText(wanted));
  Statement insert(*database, "INSERT INTO files VALUES(?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, '', '')");
  for (size_t i = 0; i < inputs.size(); ++i) {
    const SourceFile& f = inputs[i];
    insert.Run(static_cast<int64_t>(i), f.source, f.identity, f.split, f.label, f.class_name,
               f.quality, f.faces_per_track);
  }
  database->Run("COMMIT");
  files = inputs;
  for (SourceFile& file : files) {
    file.tracks = file.faces = 0;
    file.failure = file.remedy = "";
  }
  done.assign(files.size(), false);
}

void CropStoreWriter::Impl::Resume(const CropStoreInfo& wanted,
                                   const std::vector<SourceFile>& inputs) {
  const CropStoreState state = ReadState(*database);
  files = ReadFiles(*database, &done);
  CheckSameStore(shown, state, files, wanted, inputs);
  finished = state.finished;
  done_count = std::count(done.begin(), done.end(), true);
  done_for_good = done_count;
  if (finished) return;
  database->Run("BEGIN");
  for (size_t i = 0; i < files.size(); ++i) {
    if (!done[i]) RemoveFaces(i);
  }
  database->Run("COMMIT");
}

void CropStoreWriter::Impl::RemoveFaces(size_t file) {
  const int64_t first = static_cast<int64_t>(file) << kFaceBits;
  const int64_t end = first + (int64_t{1} << kFaceBits);
  for (const char* table : {"faces", "crops"}) {
    Statement(*database, std::string("DELETE FROM ") + table + " WHERE id >= ? AND id < ?")
        .Run(first, end);
  }
  files[file].faces = 0;
}

void CropStoreWriter::Impl::Commit() {
  database->Run("COMMIT; BEGIN");
  committed = Clock::now();
  done_for_good = done_count;
}

CropStoreWriter::CropStoreWriter(const fs::path& path, const CropStoreInfo& info,
                                 const std::vector<SourceFile>& files)
    : impl_(std::make_unique<Impl>(path, info, files)) {
  if (impl_->finished) return;
  Database& database = *impl_->database;
  impl_->insert_face.emplace(
      database, "INSERT INTO faces VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  impl_->insert_crop.emplace(database, "INSERT INTO crops VALUES(?, ?, ?)");
  impl_->end_file.emplace(database,
                          "UPDATE files SET done = 1, tracks = ?, faces = ?, failure = ?, "
                          "remedy = ? WHERE id = ?");
  database.Run("BEGIN");
}

CropStoreWriter::~CropStoreWriter() {
  Impl& impl = *impl_;
  if (!impl.finished && !impl.discard) {
    try {
      impl.database->Run("COMMIT");
      impl.done_for_good = impl.done_count;
    } catch (const Error&) {
      // What was committed before stays, and that is all that was promised.
    }
    impl.discard = impl.done_for_good == 0;
  }
  impl.Close();
  std::error_code ignored;
  if (impl.discard) fs::remove(impl.path, ignored);
}

bool CropStoreWriter::finished() const { return impl_->finished; }

const std::vector<SourceFile>& CropStoreWriter::files() const { return impl_->files; }

bool CropStoreWriter::IsDone(size_t file) const { return impl_->done[file]; }

int64_t CropStoreWriter::done() const { return impl_->done_count; }

void CropStoreWriter::Add(size_t file, const PackedFace& packed) {
  SourceFile& f = impl_->files[file];
  if (f.faces >> kFaceBits != 0) {
    throw Error(f.source + ": has more faces than a store can hold of one file",
                "Give --faces-per-track");
  }
  const int64_t id = (static_cast<int64_t>(file) << kFaceBits) + f.faces;
  const Face& face = packed.face;
  const Similarity& t = packed.crop_from_frame;
  const auto wide = [](float value) { return static_cast<double>(value); };
  const std::vector<uint8_t> points = BytesOfPoints(face.points);
  const std::vector<uint8_t> mesh = BytesOfPoints(face.mesh);
  impl_->insert_face->Run(id, packed.track, face.frame, face.time, wide(face.box.x0),
                          wide(face.box.y0), wide(face.box.x1), wide(face.box.y1),
                          wide(face.confidence), wide(face.presence), wide(face.blur), t.a, t.b,
                          t.tx, t.ty, std::span<const uint8_t>(points));
  impl_->insert_crop->Run(id, std::span<const uint8_t>(mesh),
                          std::span<const uint8_t>(packed.picture));
  ++f.faces;
  // Files that are done do not wait for the end of this one, whose faces a resumed run removes.
  const bool overdue = Clock::now() - impl_->committed >= kCommitEvery;
  if (overdue && impl_->done_count > impl_->done_for_good) impl_->Commit();
}

void CropStoreWriter::EndFile(size_t file, int64_t tracks, const std::string& failure,
                              const std::string& remedy) {
  if (!failure.empty()) impl_->RemoveFaces(file);
  SourceFile& f = impl_->files[file];
  f.tracks = failure.empty() ? tracks : 0;
  f.failure = failure;
  f.remedy = remedy;
  impl_->end_file->Run(f.tracks, f.faces, f.failure, f.remedy, static_cast<int64_t>(file));
  impl_->done[file] = true;
  ++impl_->done_count;
  if (Clock::now() - impl_->committed >= kCommitEvery) impl_->Commit();
}

void CropStoreWriter::Finish() {
  Database& database = *impl_->database;
  Statement(database, "UPDATE store SET finished = 1, fingerprint = ?")
      .Run(FingerprintOf(database));
  database.Run("COMMIT");
  impl_->finished = true;
  impl_->Close();  // so that it can be read at once
}

void CropStoreWriter::Discard() { impl_->discard = true; }

}  // namespace unmask
