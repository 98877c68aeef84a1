#include "unmask/train/process_place.h"

#include <gmock/gmock.h>

#include <map>

#include "unmask/base/error.h"

namespace unmask {
namespace {

using Variables = std::map<std::string, std::string>;
using testing::AllOf;
using testing::HasSubstr;

const Variables kWhole = {
    {"RANK", "3"}, {"WORLD_SIZE", "8"}, {"MASTER_ADDR", "node1"}, {"MASTER_PORT", "29500"}};

std::optional<ProcessPlace> Read(const Variables& variables) {
  return PlaceFromEnvironment([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string Refusal(Variables variables, const std::string& name, const std::string& value) {
  variables[name] = value;
  try {
    Read(variables);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "";
}

TEST(ProcessPlaceTest, ReadsWhatLaunchersSet) {
  Variables variables = kWhole;
  variables["LOCAL_RANK"] = "1";
  variables["LOCAL_WORLD_SIZE"] = "2";
  const auto place = Read(variables);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->rank, 3);
  EXPECT_EQ(place->size, 8);
  EXPECT_EQ(place->local_rank, 1);
  EXPECT_EQ(place->local_size, 2);
  EXPECT_EQ(place->address, "node1");
  EXPECT_EQ(place->port, 29500);
  EXPECT_EQ(Read(kWhole)->local_size, 1);
}

TEST(ProcessPlaceTest, WithoutVariablesThereIsNoPlace) {
  EXPECT_FALSE(Read({}));
  EXPECT_FALSE(Read({{"LOCAL_RANK", "0"}, {"RANK", ""}}));
}

TEST(ProcessPlaceTest, TorchrunsOwnStoreKeepsItsPort) {
  Variables variables = kWhole;
  variables["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  EXPECT_EQ(Read(variables)->port, 29501);
  variables["TORCHELASTIC_USE_AGENT_STORE"] = "False";
  EXPECT_EQ(Read(variables)->port, 29500);
}

TEST(ProcessPlaceTest, MissingAndBadVariablesAreNamed) {
  for (const auto& [name, value] : kWhole) {
    Variables rest = kWhole;
    rest.erase(name);
    EXPECT_THAT(Refusal(rest, name, ""), AllOf(HasSubstr(name), HasSubstr("is not")));
  }
  for (const char* value : {"8", "-1", "1x", " 1", "99999999999999999999"}) {
    EXPECT_THAT(Refusal(kWhole, "RANK", value), HasSubstr("RANK is '" + std::string(value)));
  }
  EXPECT_THAT(Refusal(kWhole, "WORLD_SIZE", "0"), HasSubstr("WORLD_SIZE"));
  EXPECT_THAT(Refusal(kWhole, "MASTER_PORT", "0"), HasSubstr("MASTER_PORT"));
  EXPECT_THAT(Refusal(kWhole, "MASTER_PORT", "65536"), HasSubstr("MASTER_PORT"));
  EXPECT_THAT(Refusal(kWhole, "LOCAL_RANK", "one"), HasSubstr("LOCAL_RANK"));
  EXPECT_THAT(Refusal(kWhole, "LOCAL_WORLD_SIZE", "9"), HasSubstr("LOCAL_WORLD_SIZE"));
}

}  // namespace
}  // namespace unmask
