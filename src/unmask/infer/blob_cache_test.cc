#include "unmask/infer/blob_cache.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

fs::path OnlyFileOf(const fs::path& folder) { return fs::directory_iterator(folder)->path(); }

TEST(BlobCache, GivesBackWhatWasStored) {
  const TemporaryFolder folder;
  const BlobCache cache(folder.path() / "new");
  EXPECT_FALSE(cache.Load("a"));
  const std::string blob("binary\0\n\xFF data", 14);
  cache.Store("a", blob);
  cache.Store("b", "");
  EXPECT_EQ(cache.Load("a"), blob);
  EXPECT_EQ(cache.Load("b"), "");
  EXPECT_FALSE(cache.Load("c"));
}

TEST(BlobCache, EveryDamageIsAMiss) {
  const TemporaryFolder folder;
  const BlobCache cache(folder.path());
  cache.Store("key", std::string(200, 'x'));
  const fs::path path = OnlyFileOf(folder.path());
  std::ifstream stream(path, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(stream)),
                          std::istreambuf_iterator<char>());
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] ^= 1;
    WriteTextFile(path, flipped);
    EXPECT_FALSE(cache.Load("key")) << "byte " << i;
    WriteTextFile(path, whole.substr(0, i));
    EXPECT_FALSE(cache.Load("key")) << "cut at " << i;
  }
  WriteTextFile(path, whole + "x");
  EXPECT_FALSE(cache.Load("key"));
  WriteTextFile(path, whole);
  EXPECT_TRUE(cache.Load("key"));
}

TEST(BlobCache, UnusableFoldersAreEmptyCaches) {
  const TemporaryFolder folder;
  WriteTextFile(folder.path() / "file", "in the way");
  for (const fs::path& place : {fs::path(), folder.path() / "file" / "below"}) {
    const BlobCache cache(place);
    cache.Store("a", "blob");
    EXPECT_FALSE(cache.Load("a"));
  }
}

TEST(BlobCache, KeepsWhatWasUsedLast) {
  const TemporaryFolder folder;
  const BlobCache cache(folder.path(), 2);
  const auto age = [&] {
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      fs::last_write_time(entry.path(), entry.last_write_time() - std::chrono::hours(1));
    }
  };
  cache.Store("a", "1");
  age();
  cache.Store("b", "2");
  age();
  EXPECT_TRUE(cache.Load("a"));  // now "b" is the one unused for longest
  cache.Store("c", "3");
  EXPECT_TRUE(cache.Load("a"));
  EXPECT_FALSE(cache.Load("b"));
  EXPECT_TRUE(cache.Load("c"));
}

TEST(BlobCache, HashesTellContentsApart) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "f";
  WriteTextFile(path, "one");
  const std::string one = HashOfFile(path);
  WriteTextFile(path, "two");
  EXPECT_NE(HashOfFile(path), one);
  EXPECT_THROW(HashOfFile(folder.path() / "none"), Error);
}

}  // namespace
}  // namespace unmask
