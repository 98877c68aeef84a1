#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "unmask/infer/session.h"

namespace unmask {

// One network for any number of threads: as many sessions as were ever busy at once.
class SessionPool {
 public:
  // Loads nothing yet.
  SessionPool(std::filesystem::path path, const SessionOptions& options)
      : path_(std::move(path)), options_(options) {}

  const std::filesystem::path& path() const { return path_; }

  // A session that goes back to the pool when it is let go. It must not outlive the pool.
  class Loan {
   public:
    Loan(SessionPool& pool, std::unique_ptr<Session> session)
        : pool_(pool), session_(std::move(session)) {}
    ~Loan() { pool_.GiveBack(std::move(session_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Session& operator*() const { return *session_; }
    Session* operator->() const { return session_.get(); }

   private:
    SessionPool& pool_;
    std::unique_ptr<Session> session_;
  };

  // An idle session, or a new one. Throws as Session does. Thread-safe.
  Loan Take();

 private:
  void GiveBack(std::unique_ptr<Session> session);

  const std::filesystem::path path_;
  const SessionOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Session>> idle_;
};

}  // namespace unmask
