#include "unmask/data/people.h"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "unmask/base/error.h"
#include "unmask/data/test_tree.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

using People = std::map<std::string, std::set<std::string>>;  // of each split

// The splits of `count` people, two files of each.
People SplitsOf(int count, const std::map<std::string, std::string>& known = {}) {
  std::vector<PrepareInput> inputs;
  for (int i = 0; i < 2 * count; ++i) {
    inputs.push_back({.file = std::to_string(i), .identity = "p" + std::to_string(i / 2)});
  }
  SplitPeople(inputs, known);
  People people;
  for (const PrepareInput& input : inputs) people[input.split].insert(input.identity);
  size_t all = 0;
  for (const auto& [split, names] : people) all += names.size();
  EXPECT_EQ(all, static_cast<size_t>(count)) << "a person is in two splits";
  return people;
}

std::string Refusal(const std::vector<fs::path>& paths) {
  try {
    ListRealMedia(paths);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(PeopleTest, FewPeopleHaveSomebodyHeldOut) {
  for (const auto& [people, held_out] :
       std::map<int, size_t>{{2, 1}, {3, 1}, {5, 1}, {6, 2}, {14, 2}, {15, 3}, {19, 3}}) {
    People splits = SplitsOf(people);
    EXPECT_EQ(splits["val"].size(), held_out) << people;
    EXPECT_EQ(splits["train"].size(), people - held_out) << people;
  }
  EXPECT_EQ(SplitsOf(7), SplitsOf(7));
  EXPECT_THROW(SplitsOf(1), Error);
}

TEST(PeopleTest, OfManyAHashDecidesAsInPrepare) {
  for (const auto& [split, people] : SplitsOf(200)) {
    for (const std::string& person : people) EXPECT_EQ(SplitOf(person), split);
  }
  // Also where it would leave val empty, somebody is held out.
  std::vector<PrepareInput> inputs;
  for (int i = 0; inputs.size() < 25; ++i) {
    const std::string name = std::to_string(i);
    if (SplitOf(name) == "train") inputs.push_back({.file = name, .identity = name});
  }
  SplitPeople(inputs);
  EXPECT_EQ(std::count_if(inputs.begin(), inputs.end(), [](auto& i) { return i.split == "val"; }),
            5);
}

TEST(PeopleTest, WhoHasASplitKeepsIt) {
  People splits = SplitsOf(3, {{"p0", "test"}, {"p1", "train"}, {"other", "train"}});
  EXPECT_TRUE(splits["test"].contains("p0"));
  EXPECT_TRUE(splits["train"].contains("p1"));
  EXPECT_TRUE(splits["val"].contains("p2"));  // somebody must be
  EXPECT_TRUE(SplitsOf(1, {{"a", "train"}, {"b", "val"}})["train"].contains("p0"));
  EXPECT_TRUE(SplitsOf(1, {{"a", "val"}})["train"].contains("p0"));
}

TEST(PeopleTest, FoldersAndFilesArePeople) {
  const TestTree tree;
  tree.Fill("clips", {"eve.mp4", "ann/1.mp4", "ann/day/2.jpg", "bob/1.mp4", "notes.txt"});
  tree.Fill("more", {"ann/9.mov"});
  std::map<std::string, std::string> people;
  const std::vector<PrepareInput> inputs =
      ListRealMedia({tree.root() / "clips/", tree.root() / "more", tree.root() / "clips/eve.mp4"});
  for (const PrepareInput& input : inputs) {
    EXPECT_EQ(input.label, 0);
    people[input.file.lexically_relative(tree.root()).string()] = input.identity;
  }
  EXPECT_EQ(inputs.size(), 5u);  // eve once
  EXPECT_THAT(people,
              UnorderedElementsAre(Pair("clips/eve.mp4", "eve.mp4"), Pair("clips/ann/1.mp4", "ann"),
                                   Pair("clips/ann/day/2.jpg", "ann"),
                                   Pair("clips/bob/1.mp4", "bob"), Pair("more/ann/9.mov", "ann")));
}

TEST(PeopleTest, FoldersOfPeopleCanBeNamedOneByOne) {
  const TestTree tree;
  tree.Fill("clips", {"cid/1.mp4", "cid/2.mp4", "dan/1.mp4", "eve.mp4"});
  const fs::path clips = tree.root() / "clips";
  std::map<std::string, std::string> people;
  for (const PrepareInput& input :
       ListRealMedia({clips / "cid", clips / "dan", clips / "eve.mp4"})) {
    people[input.file.lexically_relative(clips).string()] = input.identity;
  }
  EXPECT_THAT(people, UnorderedElementsAre(Pair("cid/1.mp4", "cid"), Pair("cid/2.mp4", "cid"),
                                           Pair("dan/1.mp4", "dan"), Pair("eve.mp4", "eve.mp4")));
  EXPECT_EQ(ListRealMedia({clips / "cid"})[0].identity, "1.mp4");  // a folder of clips
  // Who is named singly, too, stays the person of the folder.
  for (const PrepareInput& input : ListRealMedia({clips / "cid/1.mp4", clips})) {
    EXPECT_EQ(input.identity == "cid", input.file.parent_path() == clips / "cid") << input.file;
  }
}

TEST(PeopleTest, WhatMayHoldFakesIsRefused) {
  const TestTree tree;
  tree.Fill("set", {"real/a.mp4", "fake/a.mp4"});
  EXPECT_THAT(Refusal({tree.root() / "set"}), HasSubstr("unmask prepare"));
  EXPECT_EQ(Refusal({tree.root() / "set/real"}), "");
  tree.Write("empty/notes.txt");
  EXPECT_THAT(Refusal({tree.root() / "empty"}), HasSubstr("no videos or pictures"));
}

TEST(PeopleTest, StoresAreNoMedia) {
  const TestTree tree;
  tree.Write("a.mp4", "video");
  tree.Write("store", std::string("SQLite format 3\0 and more", 25));
  tree.Write("old/store.json");
  EXPECT_TRUE(IsMedia(tree.root()));
  EXPECT_TRUE(IsMedia(tree.root() / "a.mp4"));
  EXPECT_FALSE(IsMedia(tree.root() / "store"));
  EXPECT_FALSE(IsMedia(tree.root() / "old"));
  EXPECT_FALSE(IsMedia(tree.root() / "gone"));
}

}  // namespace
}  // namespace unmask
