// Containers for some thousand aligned crops. The table in docs/datasets.md comes from
// this program. It compares libraries that Unmask does not use, so CMake does not build it:
//
//   apt install liblmdb-dev libspng-dev
//   g++ -std=c++20 -O2 bench/container_bench.cc -o container_bench $(pkg-config --cflags --libs
//   opencv4 spng lmdb sqlite3)
//   ./container_bench FOLDER_OF_PNG SCRATCH_FOLDER [COUNT]
//
// Payload as in the folder's files, random order, decoding by spng.

#include <lmdb.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "crop_files.h"

namespace {

using Clock = std::chrono::steady_clock;

double Seconds(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A container: how its contents are written, and a reader for each thread.
struct Container {
  std::string name;
  std::function<void(const fs::path&, const std::vector<Bytes>&)> write;
  std::function<std::function<Bytes(size_t)>(const fs::path&)> open;
};

constexpr size_t kPerCommit = 16;  // crops of a file of media: what one transaction holds

void Sync(const fs::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "r");
  fsync(fileno(file));
  std::fclose(file);
}

std::string NameOf(size_t i) { return std::to_string(i) + ".png"; }

Container Files() {
  return {"files in a folder",
          [](const fs::path& at, const std::vector<Bytes>& items) {
            fs::create_directories(at);
            for (size_t i = 0; i < items.size(); ++i) {
              std::ofstream(at / NameOf(i), std::ios::binary)
                  .write(reinterpret_cast<const char*>(items[i].data()),
                         static_cast<std::streamsize>(items[i].size()));
            }
            ::sync();
          },
          [](const fs::path& at) { return [at](size_t i) { return ReadFile(at / NameOf(i)); }; }};
}

// 512 bytes of header, then the contents padded to 512: the layout of tar, with an index beside it.
Container Tar() {
  return {"tar with an index",
          [](const fs::path& at, const std::vector<Bytes>& items) {
            std::FILE* file = std::fopen(at.c_str(), "wb");
            std::ofstream index(at.string() + ".index", std::ios::binary);
            uint64_t offset = 0;
            for (size_t i = 0; i < items.size(); ++i) {
              Bytes block(512 + (items[i].size() + 511) / 512 * 512);
              std::copy(items[i].begin(), items[i].end(), block.begin() + 512);
              std::fwrite(block.data(), 1, block.size(), file);
              const uint64_t entry[2] = {offset + 512, items[i].size()};
              index.write(reinterpret_cast<const char*>(entry), sizeof entry);
              offset += block.size();
              if (i % kPerCommit == kPerCommit - 1) {
                std::fflush(file);
                fdatasync(fileno(file));
              }
            }
            std::fclose(file);
          },
          [](const fs::path& at) {
            const auto index = std::make_shared<Bytes>(ReadFile(at.string() + ".index"));
            const auto file = std::shared_ptr<std::FILE>(std::fopen(at.c_str(), "rb"), std::fclose);
            return [index, file](size_t i) {
              uint64_t entry[2];
              std::memcpy(entry, index->data() + i * sizeof entry, sizeof entry);
              Bytes bytes(entry[1]);
              Check(pread(fileno(file.get()), bytes.data(), bytes.size(),
                          static_cast<off_t>(entry[0])) == static_cast<ssize_t>(bytes.size()),
                    "tar");
              return bytes;
            };
          }};
}

Container Lmdb() {
  return {"LMDB",
          [](const fs::path& at, const std::vector<Bytes>& items) {
            MDB_env* env = nullptr;
            mdb_env_create(&env);
            mdb_env_set_mapsize(env, size_t{1} << 36);
            Check(mdb_env_open(env, at.c_str(), MDB_NOSUBDIR, 0644) == 0, "lmdb open");
            MDB_txn* txn = nullptr;
            MDB_dbi dbi = 0;
            for (size_t i = 0; i < items.size(); ++i) {
              if (txn == nullptr) {
                mdb_txn_begin(env, nullptr, 0, &txn);
                mdb_dbi_open(txn, nullptr, MDB_INTEGERKEY, &dbi);
              }
              MDB_val key{sizeof i, &i};
              MDB_val value{items[i].size(), const_cast<uint8_t*>(items[i].data())};
              Check(mdb_put(txn, dbi, &key, &value, MDB_APPEND) == 0, "lmdb put");
              if (i % kPerCommit == kPerCommit - 1 || i + 1 == items.size()) {
                mdb_txn_commit(txn);
                txn = nullptr;
              }
            }
            mdb_env_close(env);
          },
          [](const fs::path& at) {
            // One environment a process may have open, one transaction a thread.
            static MDB_env* env = nullptr;
            static MDB_dbi dbi = 0;
            static std::once_flag once;
            std::call_once(once, [&] {
              mdb_env_create(&env);
              mdb_env_set_mapsize(env, size_t{1} << 36);
              Check(mdb_env_open(env, at.c_str(), MDB_NOSUBDIR | MDB_RDONLY | MDB_NOTLS, 0) == 0,
                    "lmdb open");
              MDB_txn* txn = nullptr;
              mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn);
              mdb_dbi_open(txn, nullptr, MDB_INTEGERKEY, &dbi);
              mdb_txn_commit(txn);
            });
            MDB_txn* txn = nullptr;
            Check(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) == 0, "lmdb begin");
            return [txn](size_t i) {
              MDB_val key{sizeof i, &i};
              MDB_val value{};
              Check(mdb_get(txn, dbi, &key, &value) == 0, "lmdb get");
              const auto* begin = static_cast<const uint8_t*>(value.mv_data);
              return Bytes(begin, begin + value.mv_size);
            };
          }};
}

Container Sqlite(int page_size) {
  return {"SQLite, pages of " + std::to_string(page_size),
          [=](const fs::path& at, const std::vector<Bytes>& items) {
            sqlite3* db = nullptr;
            sqlite3_open(at.c_str(), &db);
            const std::string pragmas =
                "PRAGMA page_size=" + std::to_string(page_size) +
                ";PRAGMA locking_mode=EXCLUSIVE;PRAGMA journal_mode=TRUNCATE;PRAGMA "
                "synchronous=FULL;CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)";
            Check(sqlite3_exec(db, pragmas.c_str(), nullptr, nullptr, nullptr) == 0, "sqlite");
            sqlite3_stmt* insert = nullptr;
            sqlite3_prepare_v2(db, "INSERT INTO t VALUES(?,?)", -1, &insert, nullptr);
            for (size_t i = 0; i < items.size(); ++i) {
              if (i % kPerCommit == 0) sqlite3_exec(db, "BEGIN", nullptr, nullptr, nullptr);
              sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(i));
              sqlite3_bind_blob(insert, 2, items[i].data(), static_cast<int>(items[i].size()),
                                SQLITE_STATIC);
              Check(sqlite3_step(insert) == SQLITE_DONE, "sqlite insert");
              sqlite3_reset(insert);
              if (i % kPerCommit == kPerCommit - 1 || i + 1 == items.size()) {
                sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr);
              }
            }
            sqlite3_finalize(insert);
            sqlite3_close(db);
          },
          [](const fs::path& at) {
            sqlite3* db = nullptr;
            const std::string uri = "file:" + at.string() + "?immutable=1";
            Check(sqlite3_open_v2(uri.c_str(), &db,
                                  SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                                  nullptr) == 0,
                  "sqlite open");
            sqlite3_stmt* select = nullptr;
            sqlite3_prepare_v2(db, "SELECT b FROM t WHERE id=?", -1, &select, nullptr);
            return [select](size_t i) {
              sqlite3_bind_int64(select, 1, static_cast<sqlite3_int64>(i));
              Check(sqlite3_step(select) == SQLITE_ROW, "sqlite select");
              const auto* begin = static_cast<const uint8_t*>(sqlite3_column_blob(select, 0));
              Bytes bytes(begin, begin + sqlite3_column_bytes(select, 0));
              sqlite3_reset(select);
              return bytes;
            };
          }};
}

// Items a second that `threads` threads read, each its share in random order.
double Rate(const Container& container, const fs::path& at, size_t count, int threads,
            bool decode) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  const double seconds = Seconds([&] {
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        const auto read = container.open(at);
        for (size_t i = static_cast<size_t>(t); i < count; i += static_cast<size_t>(threads)) {
          const Bytes bytes = read(order[i]);
          if (decode) DecodeSpng(bytes);
        }
      });
    }
    for (std::thread& worker : workers) worker.join();
  });
  return static_cast<double>(count) / seconds;
}

void MeasureContainers(const fs::path& folder, const fs::path& scratch, size_t count) {
  const std::vector<Bytes> items = ReadFolder(folder, count);
  std::printf("%-26s %8s %8s %6s %9s %9s %11s %11s\n", "container", "write s", "MB", "files",
              "read/s 1", "read/s 2", "+decode/s 1", "+decode/s 2");
  for (const Container& container :
       {Files(), Tar(), Lmdb(), Sqlite(4096), Sqlite(16384), Sqlite(65536)}) {
    const fs::path own = scratch / "container_bench.tmp";
    fs::remove_all(own);
    fs::create_directories(own);
    const fs::path at = own / "store";
    const double write = Seconds([&] {
      container.write(at, items);
      if (fs::is_regular_file(at)) Sync(at);
    });
    double size = 0;
    int files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(own)) {
      if (!entry.is_regular_file()) continue;
      size += static_cast<double>((entry.file_size() + 4095) / 4096 * 4096);
      ++files;
    }
    std::printf("%-26s %8.2f %8.1f %6d", container.name.c_str(), write, size / 1e6, files);
    for (const bool decode : {false, true}) {
      for (const int threads : {1, 2}) {
        std::printf(decode ? " %11.0f" : " %9.0f",
                    Rate(container, at, items.size(), threads, decode));
        std::fflush(stdout);
      }
    }
    std::printf("\n");
    fs::remove_all(own);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "See the top of container_bench.cc\n");
    return 2;
  }
  cv::setNumThreads(1);
  MeasureContainers(argv[1], argv[2], argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 0);
}
