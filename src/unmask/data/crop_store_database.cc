#include "unmask/data/crop_store_database.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "unmask/base/error.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// As a URI: SQLite takes options that way. `immutable`: no locks, no journal.
std::string UriOf(const fs::path& path, bool immutable) {
  std::string uri = "file:";
  for (const char c : fs::absolute(path).string()) {
    if (c == '%' || c == '?' || c == '#') {
      static constexpr char kDigits[] = "0123456789abcdef";
      uri += {'%', kDigits[c / 16], kDigits[c % 16]};
    } else {
      uri += c;
    }
  }
  return uri + (immutable ? "?immutable=1" : "");
}

fs::path JournalOf(const fs::path& path) { return fs::path(path) += "-journal"; }

[[noreturn]] void ThrowBusy(const fs::path& path) {
  throw Error(path.string() + ": another program is writing it", "Wait until it has finished");
}

int FlagsOf(Database::Mode mode) {
  const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
  switch (mode) {
    case Database::Mode::kRead:
      return flags | SQLITE_OPEN_READONLY;
    case Database::Mode::kWrite:
      return flags | SQLITE_OPEN_READWRITE;
    default:
      return flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  }
}

}  // namespace

Database::Database(const fs::path& path, Mode mode) : path_(path) {
  const std::string uri = UriOf(path, mode == Mode::kRead);
  const int code = sqlite3_open_v2(uri.c_str(), &handle_, FlagsOf(mode), nullptr);
  try {
    if (code != SQLITE_OK) Fail();
    if (mode == Mode::kRead) {
      Run("PRAGMA cache_size = -512");  // a crop is read once in a long while
      return;
    }
    Run("PRAGMA locking_mode = EXCLUSIVE");
    Run(mode == Mode::kScratch ? "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"
                               : "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL");
    Run("BEGIN EXCLUSIVE; COMMIT");  // takes the lock, rolls back what a killed writer left
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

Database::~Database() { sqlite3_close(handle_); }

void Database::Fail() const {
  const int code = handle_ == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(handle_);
  const int system = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
  const std::string cause =
      handle_ == nullptr ? "there is not enough memory" : sqlite3_errmsg(handle_);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      ThrowBusy(path_);
    case SQLITE_FULL:
      throw Error("cannot write " + path_.string() + ": No space left on device",
                  "Free some space and give the same command again");
    case SQLITE_IOERR:
      if (system == ENOSPC || system == EDQUOT) {
        throw Error("cannot write " + path_.string() + ": " + std::strerror(system),
                    "Free some space and give the same command again");
      }
      throw Error(path_.string() + ": " + cause +
                      (system != 0 ? std::string(" (") + std::strerror(system) + ")" : ""),
                  "Check the disk, or use a folder on a disk of this machine");
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      throw Error(path_.string() + ": cannot be opened" +
                      (system != 0 ? std::string(" (") + std::strerror(system) + ")" : ""),
                  "Give a file in a folder where you may write");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
      throw Error(path_.string() + ": is damaged (" + cause + ")",
                  "Make the store again with `unmask prepare`");
    default:
      throw Error(path_.string() + ": " + cause);
  }
}

void Database::Run(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) Fail();
}

void Database::Attach(const fs::path& store) {
  Statement(*this, "ATTACH ? AS other").Run(UriOf(store, true));
}

void Database::Detach() { Run("DETACH other"); }

Statement::Statement(Database& database, const std::string& sql) : database_(database) {
  if (sqlite3_prepare_v2(database.handle_, sql.c_str(), -1, &handle_, nullptr) != SQLITE_OK) {
    database.Fail();
  }
}

Statement::~Statement() { sqlite3_finalize(handle_); }

bool Statement::Step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.Fail();
  return false;
}

void Statement::Reset() { sqlite3_reset(handle_); }

int Statement::columns() const { return sqlite3_column_count(handle_); }

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(handle_, column); }

double Statement::Real(int column) const { return sqlite3_column_double(handle_, column); }

std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (text == nullptr) return "";
  return {text, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::span<const uint8_t> Statement::Blob(int column) const {
  const auto* bytes = static_cast<const uint8_t*>(sqlite3_column_blob(handle_, column));
  return {bytes, bytes == nullptr ? 0 : static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

// SQLite counts parameters from 1. The values outlive the run of the statement.
void Statement::Bind(int index, int64_t value) {
  if (sqlite3_bind_int64(handle_, index + 1, value) != SQLITE_OK) database_.Fail();
}

void Statement::Bind(int index, double value) {
  if (sqlite3_bind_double(handle_, index + 1, value) != SQLITE_OK) database_.Fail();
}

void Statement::Bind(int index, const std::string& value) {
  if (sqlite3_bind_text64(handle_, index + 1, value.data(), value.size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8) != SQLITE_OK) {
    database_.Fail();
  }
}

void Statement::Bind(int index, std::span<const uint8_t> value) {
  if (sqlite3_bind_blob64(handle_, index + 1, value.data(), value.size(), SQLITE_STATIC) !=
      SQLITE_OK) {
    database_.Fail();
  }
}

bool IsHalfWritten(const fs::path& path) {
  // A writer clears the first bytes of its journal when a transaction is done, and removes the file
  // later; if it is killed in between, the journal stays and means nothing.
  std::ifstream journal(JournalOf(path), std::ios::binary);
  return journal.get() > 0;
}

void RemoveDatabase(const fs::path& path) {
  sqlite3* handle = nullptr;
  sqlite3_open_v2(UriOf(path, false).c_str(), &handle, FlagsOf(Database::Mode::kWrite), nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closed_at_the_end(handle, sqlite3_close);
  // Held while the file is removed. Any other error is that of a damaged file.
  const int code = sqlite3_exec(handle, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr);
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) ThrowBusy(path);
  std::error_code error;
  fs::remove(path, error);
  if (error) throw Error(path.string() + ": cannot be removed (" + error.message() + ")");
  fs::remove(JournalOf(path), error);
}

}  // namespace unmask
