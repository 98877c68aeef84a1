#pragma once

// For .cc files of the store only: SQLite, with our errors.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace unmask {

class Database {
 public:
  enum class Mode {
    kRead,     // never changes while it is open: takes no locks, so that network folders serve
    kWrite,    // alone: a second writer is refused
    kCreate,   // the same, the file is new
    kScratch,  // the same without a journal: a file that is thrown away when anything goes wrong
  };

  // Throws Error naming the file.
  Database(const std::filesystem::path& path, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Statements without parameters.
  void Run(const std::string& sql);

  // Another store, to read, under the name `other`.
  void Attach(const std::filesystem::path& store);
  void Detach();

  [[noreturn]] void Fail() const;  // throws the last error

 private:
  friend class Statement;
  std::filesystem::path path_;
  sqlite3* handle_ = nullptr;
};

// A prepared statement. Parameters and columns count from 0; what Text() and Blob() return lives
// until the next Step() or Reset().
class Statement {
 public:
  Statement(Database& database, const std::string& sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Runs a statement that gives no row, with these parameters.
  template <typename... Values>
  void Run(const Values&... values) {
    Start(values...);
    while (Step()) {
    }
    Reset();
  }

  // Gives the parameters; rows come from Step().
  template <typename... Values>
  void Start(const Values&... values) {
    Reset();
    int index = 0;
    (Bind(index++, values), ...);
  }

  bool Step();  // false: no further row
  void Reset();

  int columns() const;
  int64_t Integer(int column) const;
  double Real(int column) const;
  std::string Text(int column) const;
  std::span<const uint8_t> Blob(int column) const;  // numbers as text

 private:
  void Bind(int index, int64_t value);
  void Bind(int index, int value) { Bind(index, static_cast<int64_t>(value)); }
  void Bind(int index, double value);
  void Bind(int index, const std::string& value);
  void Bind(int index, std::span<const uint8_t> value);

  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
};

// Whether a transaction is on its way into the file, or a killed writer left one half-way: what is
// read then is not whole.
bool IsHalfWritten(const std::filesystem::path& path);

// Removes the file and its journal; it may be damaged. Throws Error when another program is writing
// it and when it cannot be removed.
void RemoveDatabase(const std::filesystem::path& path);

}  // namespace unmask
