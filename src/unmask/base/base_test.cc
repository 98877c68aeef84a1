#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "unmask/base/atomic_file.h"
#include "unmask/base/atomic_folder.h"
#include "unmask/base/bounded_queue.h"
#include "unmask/base/error.h"
#include "unmask/base/file_lock.h"
#include "unmask/base/json.h"
#include "unmask/base/prefetcher.h"
#include "unmask/base/random.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

TEST(Error, JoinsProblemAndRemedy) {
  EXPECT_STREQ(Error("a.mp4 is empty", "Copy it again").what(), "a.mp4 is empty. Copy it again");
  EXPECT_STREQ(Error("a.mp4 is empty").what(), "a.mp4 is empty");
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder.path() / "out.txt");
    std::ofstream(file.temporary_path()) << "half";
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(AtomicFile, ReplacesTheTargetOnCommit) {
  const TemporaryFolder folder;
  WriteTextFile(folder.path() / "out.txt", "old");
  WriteTextFile(folder.path() / "out.txt", "new");
  std::string text;
  std::ifstream(folder.path() / "out.txt") >> text;
  EXPECT_EQ(text, "new");
}

TEST(AtomicFile, NamesTheMissingFolder) {
  try {
    AtomicFile file("/no/such/folder/out.txt");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(e.problem().find("/no/such/folder does not exist"), std::string::npos) << e.what();
  }
}

TEST(AtomicFile, FullDiskIsAnError) { EXPECT_THROW(WriteTextFile("/dev/full/x", "a"), Error); }

TEST(Json, InvalidUtf8IsReplaced) {
  EXPECT_NE(FormatJson(Json{{"file", "a\xff.mp4"}}).find("a\xEF\xBF\xBD.mp4"), std::string::npos);
}

TEST(Json, SmallThingsStayOnOneLine) {
  EXPECT_EQ(FormatJson(Json::parse(R"({"a": [], "b": [{"box": [1, 2.5], "n": null}, {"c": "\"x"}],
                                       "d": [{"e": [{"f": true}]}]})")),
            "{\n"
            "  \"a\": [],\n"
            "  \"b\": [\n"
            "    {\"box\": [1, 2.5], \"n\": null},\n"
            "    {\"c\": \"\\\"x\"}\n"
            "  ],\n"
            "  \"d\": [\n"
            "    {\n"
            "      \"e\": [{\"f\": true}]\n"
            "    }\n"
            "  ]\n"
            "}");
  EXPECT_EQ(FormatJson(Json::parse("{}")), "{}");
  EXPECT_EQ(FormatJson(Json(3)), "3");
}

TEST(Json, TextIsReadBackAsItWas) {
  Json json;
  for (int i = 0; i < 40; ++i) json["long"].push_back(i * 1234567);
  json["nested"] = {{"a", {{"b", {{"c", {1, 2, 3}}}}}}};
  json["text"] = "zwei\nZeilen, ü";
  EXPECT_EQ(Json::parse(FormatJson(json)), json);
}

TEST(Json, BrokenFileNamesTheFile) {
  const TemporaryFolder folder;
  WriteTextFile(folder.path() / "broken.json", "{\"a\": ");
  EXPECT_THROW(ReadJson(folder.path() / "broken.json"), Error);
}

TEST(Random, DerivedSeedsDifferByEveryArgument) {
  EXPECT_EQ(DeriveSeed(1, "a", 2), DeriveSeed(1, "a", 2));
  EXPECT_NE(DeriveSeed(1, "a", 2), DeriveSeed(1, "a", 3));
  EXPECT_NE(DeriveSeed(1, "a", 2), DeriveSeed(1, "b", 2));
  EXPECT_NE(DeriveSeed(1, "a", 2), DeriveSeed(2, "a", 2));
}

TEST(Random, MomentsAreRight) {
  Random random(7);
  double sum = 0, squares = 0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    const double x = Normal(random, 3.0, 2.0);
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kCount;
  EXPECT_NEAR(mean, 3.0, 0.03);
  EXPECT_NEAR(std::sqrt(squares / kCount - mean * mean), 2.0, 0.03);
}

TEST(Text, NearestNameForgivesTypos) {
  EXPECT_EQ(NearestName("arcfase", {"softmax", "arcface", "focal"}), "arcface");
  EXPECT_EQ(NearestName("resnet", {"softmax", "arcface"}), "");
  EXPECT_EQ(NearestName("stpes", {"stores", "steps"}), "steps");
}

TEST(Text, SplitAndJoinAreInverse) {
  EXPECT_EQ(Join(Split("a,,b", ','), ","), "a,,b");
  EXPECT_TRUE(Split("", ',').empty());
}

TEST(BoundedQueue, DeliversInOrderAndEnds) {
  BoundedQueue<int> queue(2);
  std::thread producer([&] {
    for (int i = 0; i < 100; ++i) queue.Push(i);
    queue.Finish();
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(queue.Pop(), i);
  EXPECT_EQ(queue.Pop(), std::nullopt);
  producer.join();
}

TEST(BoundedQueue, ErrorArrivesAfterTheLastItem) {
  BoundedQueue<int> queue(2);
  queue.Push(1);
  queue.Finish(std::make_exception_ptr(Error("decoder broke")));
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_THROW(queue.Pop(), Error);
}

TEST(BoundedQueue, CloseReleasesAWaitingProducer) {
  BoundedQueue<int> queue(1);
  queue.Push(1);
  std::thread producer([&] { EXPECT_FALSE(queue.Push(2)); });
  queue.Close();
  producer.join();
}

TEST(Prefetcher, HandsOutInOrderWhateverTheNumberOfThreads) {
  for (const int workers : {0, 1, 3}) {
    Prefetcher<int64_t> squares([](int64_t n) { return n * n; }, 5, workers);
    for (int64_t n = 5; n < 25; ++n) EXPECT_EQ(squares.Next(), n * n) << workers;
  }
}

TEST(Prefetcher, ErrorsArriveInTheirPlace) {
  const auto make = [](int64_t n) {
    if (n == 3) throw Error("three");
    return n;
  };
  Prefetcher<int64_t> numbers(make, 0, 2);
  for (int64_t n = 0; n < 3; ++n) EXPECT_EQ(numbers.Next(), n);
  EXPECT_THROW(numbers.Next(), Error);
}

TEST(AtomicFileTest, OutputsThatAreInputsAreRefusedUnderAnyName) {
  const TemporaryFolder folder;
  const fs::path input = folder.path() / "input";
  WriteTextFile(input, "precious");
  fs::create_symlink(input, folder.path() / "link");
  fs::create_hard_link(input, folder.path() / "twin");
  for (const char* name : {"input", "link", "twin", "./input"}) {
    EXPECT_THROW(RefuseToOverwrite(folder.path() / name, {"", input}), UsageError) << name;
  }
  RefuseToOverwrite(folder.path() / "new", {"", input});
}

TEST(AtomicFileTest, DevicesAreLeftAloneAndLinksFollowed) {
  EXPECT_THROW(WriteTextFile("/dev/null", "x"), Error);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  const TemporaryFolder folder;
  WriteTextFile(folder.path() / "file", "old");
  fs::create_symlink("file", folder.path() / "link");
  WriteTextFile(folder.path() / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
  EXPECT_EQ(fs::file_size(folder.path() / "file"), 3u);
  std::ifstream file(folder.path() / "file");
  std::string text;
  file >> text;
  EXPECT_EQ(text, "new");
}

TEST(AtomicFolderTest, AppearsWholeOrNotAtAll) {
  const TemporaryFolder folder;
  const fs::path target = folder.path() / "out";
  {
    const AtomicFolder abandoned(target);
    WriteTextFile(abandoned.temporary_path() / "a", "x");
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
  fs::create_directory(target);  // an empty one may be there already
  AtomicFolder written(target / "");
  WriteTextFile(written.temporary_path() / "a", "x");
  EXPECT_TRUE(fs::is_empty(target));
  written.Commit();
  EXPECT_TRUE(fs::exists(target / "a"));
  EXPECT_THROW(AtomicFolder(target).Commit(), UsageError);        // not empty any more
  EXPECT_THROW(AtomicFolder(target / "a").Commit(), UsageError);  // a file
  EXPECT_THROW(AtomicFolder(folder.path() / "no" / "out").Commit(), Error);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(TextTest, ControlCharactersAreNotForTerminals) {
  EXPECT_EQ(Printable("a\x1b[31m\nb\x7f"), "a?[31m?b?");
  EXPECT_EQ(Printable("Ångström 1 %"), "Ångström 1 %");
}

TEST(FileLock, IsHeldByOne) {
  const TemporaryFolder folder;
  auto lock = FileLock::TryToLock(folder.path() / "lock");
  ASSERT_TRUE(lock);
  EXPECT_FALSE(FileLock::TryToLock(folder.path() / "lock"));
  lock.reset();
  EXPECT_TRUE(FileLock::TryToLock(folder.path() / "lock"));
  EXPECT_THROW(FileLock::TryToLock(folder.path() / "none" / "lock"), Error);
}

}  // namespace
}  // namespace unmask
