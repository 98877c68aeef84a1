#pragma once

// For tests: runs of seconds on a small store.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/sampling/test_store.h"
#include "unmask/train/trainer.h"

namespace unmask {

class TestRuns : public testing::Test {
 protected:
  static void SetUpTestSuite() { folder_ = new TemporaryFolder, MakeTestStore(folder_->path()); }
  static void TearDownTestSuite() { delete folder_; }

  // A run of seconds that is the same every time.
  TrainOptions Options(const std::string& name) {
    TrainOptions options;
    options.stores = {folder_->path() / "store"};
    options.output = runs_.path() / name;
    options.steps = 6;
    options.pairs = 2;
    options.input_size = 32;
    options.threads = 1;
    options.bfloat16 = false;
    options.validate_every = 3;
    options.checkpoint_every = 2;
    return options;
  }

  static std::string Refusal(const TrainOptions& options,
                             const std::function<void(const TrainProgress&)>& progress = nullptr) {
    try {
      Train(options, nullptr, progress);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  static std::vector<Json> Metrics(const std::filesystem::path& run) {
    std::ifstream file(run / "metrics.jsonl");
    std::vector<Json> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
    return lines;
  }

  inline static TemporaryFolder* folder_ = nullptr;
  TemporaryFolder runs_;
};

}  // namespace unmask
