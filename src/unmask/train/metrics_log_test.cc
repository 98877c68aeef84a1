#include "unmask/train/metrics_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unmask/base/atomic_file.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class MetricsLogTest : public testing::Test {
 protected:
  static std::string Bytes(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::vector<int64_t> Steps() const {
    std::ifstream file(folder_.path() / "metrics.jsonl");
    std::vector<int64_t> steps;
    for (std::string line; std::getline(file, line);) {
      const Json json = Json::parse(line);
      EXPECT_GT(json.at("time").get<double>(), 1.7e9);
      steps.push_back(json.at("step"));
    }
    return steps;
  }

  std::vector<fs::path> EventFiles() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      if (entry.path().filename().string().find("tfevents") != std::string::npos) {
        files.push_back(entry.path());
      }
    }
    return files;
  }

  // How many records a file of events holds; their lengths must add up to that of the file.
  static int Records(const fs::path& path) {
    const std::string bytes = Bytes(path);
    size_t at = 0;
    int count = 0;
    for (; at + 8 <= bytes.size(); ++count) {
      uint64_t length = 0;
      std::memcpy(&length, bytes.data() + at, sizeof(length));
      at += 8 + 4 + length + 4;
    }
    EXPECT_EQ(at, bytes.size());
    return count;
  }

  const TemporaryFolder folder_;
  const Json recipe_ = {{"loss", "softmax"}};
};

TEST_F(MetricsLogTest, WritesEachEntryAtOnceIntoBothFiles) {
  MetricsLog log(folder_.path(), 0, 0, recipe_);
  ASSERT_EQ(EventFiles().size(), 1u);
  const fs::path events = EventFiles()[0];
  EXPECT_EQ(Records(events), 3);  // version, start, recipe
  EXPECT_NE(Bytes(events).find("| loss | \"softmax\" |"), std::string::npos);
  log.Add(50, {{"loss", 0.5}, {"learning_rate", 1e-3}});
  EXPECT_EQ(Records(events), 4);
  log.Add(50, {{"validation", {{"auc", 0.75}, {"log_loss", nullptr}}}});
  EXPECT_EQ(Records(events), 5);
  EXPECT_THAT(Steps(), ElementsAre(50, 50));
  const std::string bytes = Bytes(events);
  for (const char* tag : {"train/loss", "train/learning_rate", "validation/auc"}) {
    EXPECT_NE(bytes.find(tag), std::string::npos) << tag;
  }
  for (const char* tag : {"train/step", "train/time", "validation/log_loss"}) {
    EXPECT_EQ(bytes.find(tag), std::string::npos) << tag;
  }
}

TEST_F(MetricsLogTest, AResumedRunHasNoStepTwice) {
  fs::path first;
  {
    MetricsLog log(folder_.path(), 0, 0, recipe_);
    first = EventFiles().at(0);
    for (const int64_t step : {50, 100, 150}) {
      log.Add(step, {{"loss", 1.0}});
      log.Add(step, {{"validation", {{"auc", 0.5}}}});
    }
  }
  // Killed behind the validation of step 100 and in the middle of a line, resumed from a checkpoint
  // of step 100 that knows of the validation of step 50 only.
  std::ofstream(folder_.path() / "metrics.jsonl", std::ios::app) << "{\"step\": 1";
  MetricsLog log(folder_.path(), 100, 50, recipe_);
  EXPECT_THAT(Steps(), ElementsAre(50, 50, 100));
  log.Add(150, {{"loss", 1.0}});
  EXPECT_THAT(Steps(), ElementsAre(50, 50, 100, 150));
  const std::vector<fs::path> files = EventFiles();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_GT(files[0], first);  // TensorBoard goes on with the later name
  EXPECT_EQ(Records(files[0]), 7);
}

TEST_F(MetricsLogTest, FilesOfOthersStay) {
  WriteTextFile(folder_.path() / "events.out.tfevents.1.host", "theirs");
  WriteTextFile(folder_.path() / "events.out.tfevents.x.unmask", "theirs");
  WriteTextFile(folder_.path() / "metrics.jsonl",
                "[1]\n{\"step\": \"x\"}\n{\"step\": 1, \"time\": []}\n");
  MetricsLog log(folder_.path(), 10, 10, recipe_);
  EXPECT_EQ(EventFiles().size(), 3u);
  EXPECT_TRUE(Steps().empty());
}

}  // namespace
}  // namespace unmask
