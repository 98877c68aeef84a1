#include "unmask/data/crop_store_merge.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "unmask/base/atomic_file.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/base/text.h"
#include "unmask/data/crop_store.h"
#include "unmask/data/crop_store_format.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// A file of the new store: where it comes from.
struct Origin {
  size_t store;
  size_t file;
};

// Some disks say only now that they are full.
void WaitForDisk(const fs::path& written, const fs::path& shown) {
  const int descriptor = open(written.c_str(), O_RDONLY);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) close(descriptor);
  if (!synced) {
    throw Error("cannot write " + shown.string() + ": " + std::strerror(error),
                "Check the disk and its free space");
  }
}

class Merger {
 public:
  explicit Merger(const std::vector<fs::path>& paths) : paths_(paths) {
    if (paths.empty()) throw UsageError("there is no store to merge", "Name the stores");
    for (const fs::path& path : paths) {
      CropStore store = OpenWithoutRecords(path);
      infos_.push_back(store.info);
      files_.push_back(std::move(store.files));
    }
    CheckSizes();
    ChooseFiles();
    CheckSplits();
  }

  StoreMerge Write(const fs::path& out, const CancelToken* cancel,
                   const std::function<void(int64_t, int64_t)>& progress) const {
    std::error_code error;
    if (fs::exists(out, error)) {
      throw Error(out.string() + ": exists already", "Give the name of a new file");
    }
    AtomicFile file(out);
    StoreMerge result{.files = static_cast<int64_t>(origins_.size()), .faces = 0, .notes = Notes()};
    {
      Database database(file.temporary_path(), Database::Mode::kScratch);
      Begin(database);
      for (size_t store = 0; store < paths_.size(); ++store) {
        database.Attach(paths_[store]);
        Copy(database, store, cancel, progress, result);
        database.Detach();
      }
      Statement(database, "UPDATE store SET fingerprint = ?").Run(FingerprintOf(database));
    }
    WaitForDisk(file.temporary_path(), out);
    file.Commit();
    return result;
  }

 private:
  void CheckSizes() const {
    for (size_t i = 1; i < infos_.size(); ++i) {
      if (infos_[i].crop_size == infos_[0].crop_size &&
          infos_[i].crop_scale == infos_[0].crop_scale) {
        continue;
      }
      const auto name = [&](size_t n) {
        return std::to_string(infos_[n].crop_size) + " pixels at scale " +
               FormatFixed(infos_[n].crop_scale, 2);
      };
      throw Error(paths_[i].string() + ": its crops are of " + name(i) + ", those of " +
                      paths_[0].string() + " of " + name(0),
                  "Prepare both with the same --crop-size and --crop-scale");
    }
  }

  void ChooseFiles() {
    std::map<std::string, size_t> known;  // index into origins_
    for (size_t store = 0; store < files_.size(); ++store) {
      for (size_t i = 0; i < files_[store].size(); ++i) {
        const SourceFile& file = files_[store][i];
        const auto [place, is_new] = known.emplace(file.source, origins_.size());
        if (is_new) {
          origins_.push_back({store, i});
          continue;
        }
        Origin& other = origins_[place->second];
        if (!file.failure.empty()) continue;
        if (FileOf(other).failure.empty()) {
          throw Error(file.source + ": is in " + paths_[other.store].string() + " and in " +
                          paths_[store].string(),
                      "Merge stores of different files");
        }
        other = {store, i};
      }
    }
    // Stores one after the other.
    std::sort(origins_.begin(), origins_.end(), [](const Origin& a, const Origin& b) {
      return std::pair(a.store, a.file) < std::pair(b.store, b.file);
    });
  }

  void CheckSplits() const {
    std::map<std::string, const Origin*> known;
    for (const Origin& origin : origins_) {
      const auto [other, is_new] = known.emplace(FileOf(origin).identity, &origin);
      if (is_new || FileOf(*other->second).split == FileOf(origin).split) continue;
      throw Error("the person '" + FileOf(origin).identity + "' is in the split '" +
                      FileOf(*other->second).split + "' in " +
                      paths_[other->second->store].string() + " and in '" + FileOf(origin).split +
                      "' in " + paths_[origin.store].string(),
                  "Prepare them again with one split for every person");
    }
  }

  const SourceFile& FileOf(const Origin& origin) const { return files_[origin.store][origin.file]; }

  static std::string SettingOf(const CropStoreInfo& info, const std::string& name) {
    for (const auto& [known, value] : info.settings) {
      if (known == name) return value;
    }
    return "";
  }

  std::vector<std::string> Notes() const {
    std::vector<std::string> notes;
    for (const auto& [name, value] : infos_[0].settings) {
      for (size_t i = 1; i < infos_.size() && name != "shard"; ++i) {
        const std::string other = SettingOf(infos_[i], name);
        if (other == value) continue;
        notes.push_back("--" + name + " was " + value + " for " + paths_[0].string() + " and " +
                        other + " for " + paths_[i].string());
        break;
      }
    }
    std::set<std::string> shards;
    for (const CropStoreInfo& info : infos_) shards.insert(SettingOf(info, "shard"));
    shards.erase("");
    if (shards.empty()) return notes;
    const std::string total = shards.begin()->substr(shards.begin()->find('/'));
    for (int i = 1; i <= std::atoi(total.c_str() + 1); ++i) {
      if (!shards.contains(std::to_string(i) + total)) {
        notes.push_back("the shard " + std::to_string(i) + total + " is not among them");
      }
    }
    return notes;
  }

  void Begin(Database& database) const {
    database.Run("PRAGMA application_id = " + std::to_string(kCropStoreApplication) +
                 "; PRAGMA user_version = " + std::to_string(kCropStoreFormat) + ";" +
                 kCropStoreTables);
    Json settings = Json::object();
    for (const auto& [name, value] : infos_[0].settings) {
      const bool shared =
          name != "shard" && std::all_of(infos_.begin(), infos_.end(),
                                         [&](auto& i) { return SettingOf(i, name) == value; });
      if (shared) settings[name] = value;
    }
    Statement(database, "INSERT INTO store VALUES(?, ?, ?, ?, 1, '')")
        .Run(infos_[0].crop_size, infos_[0].crop_scale, std::string(kVersion), settings.dump());
  }

  // The files that come from one store, which is attached as `other`.
  void Copy(Database& database, size_t store, const CancelToken* cancel,
            const std::function<void(int64_t, int64_t)>& progress, StoreMerge& result) const {
    database.Run("BEGIN");
    {
      Statement file(database,
                     "INSERT INTO files SELECT ?, source, identity, split, label, class, quality, "
                     "faces_per_track, done, tracks, faces, failure, remedy FROM other.files "
                     "WHERE id = ?");
      Statement faces(database,
                      "INSERT INTO faces SELECT id + ?, track, frame, time, x0, y0, x1, y1, "
                      "confidence, presence, blur, a, b, tx, ty, points FROM other.faces "
                      "WHERE id >= ? AND id < ?");
      Statement crops(database,
                      "INSERT INTO crops SELECT id + ?, mesh, picture FROM other.crops "
                      "WHERE id >= ? AND id < ?");
      for (size_t i = 0; i < origins_.size(); ++i) {
        if (origins_[i].store != store) continue;
        if (cancel != nullptr) cancel->Check();
        const auto to = static_cast<int64_t>(i);
        const auto from = static_cast<int64_t>(origins_[i].file);
        const int64_t first = from << kFaceBits;
        const int64_t end = (from + 1) << kFaceBits;
        const int64_t shift = (to - from) * (int64_t{1} << kFaceBits);
        file.Run(to, from);
        faces.Run(shift, first, end);
        crops.Run(shift, first, end);
        result.faces += FileOf(origins_[i]).faces;
        if (progress) progress(to + 1, static_cast<int64_t>(origins_.size()));
      }
    }
    database.Run("COMMIT");
  }

  const std::vector<fs::path>& paths_;
  std::vector<CropStoreInfo> infos_;
  std::vector<std::vector<SourceFile>> files_;
  std::vector<Origin> origins_;
};

}  // namespace

StoreMerge MergeCropStores(const std::vector<fs::path>& stores, const fs::path& out,
                           const CancelToken* cancel,
                           const std::function<void(int64_t, int64_t)>& progress) {
  return Merger(stores).Write(out, cancel, progress);
}

}  // namespace unmask
