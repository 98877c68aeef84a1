#include "unmask/train/process_place.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "unmask/base/error.h"

namespace unmask {
namespace {

using Getter = std::function<const char*(const char*)>;

constexpr const char* kTogether[] = {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"};
constexpr int kMostProcesses = 65536;

std::string Remedy() {
  return "Start with torchrun, or set RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT in every "
         "process; unset all four to train in one";
}

int Number(const Getter& get, const char* name, int low, int high) {
  const std::string text = get(name);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    throw UsageError("the environment variable " + std::string(name) + " is '" + text +
                         "', but must be a whole number in " + std::to_string(low) + " … " +
                         std::to_string(high),
                     Remedy());
  }
  return value;
}

bool IsSet(const Getter& get, const char* name) {
  const char* value = get(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

std::optional<ProcessPlace> PlaceFromEnvironment(const Getter& given) {
  const Getter get = given ? given : [](const char* name) -> const char* { return getenv(name); };
  const char *set = nullptr, *missing = nullptr;
  for (const char* name : kTogether) (IsSet(get, name) ? set : missing) = name;
  if (set == nullptr) return std::nullopt;
  if (missing != nullptr) {
    throw UsageError(
        "the environment variable " + std::string(set) + " is set, but " + missing + " is not",
        Remedy());
  }
  ProcessPlace place;
  place.size = Number(get, "WORLD_SIZE", 1, kMostProcesses);
  place.rank = Number(get, "RANK", 0, place.size - 1);
  place.address = get("MASTER_ADDR");
  place.port = Number(get, "MASTER_PORT", 1, 65535);
  if (IsSet(get, "LOCAL_WORLD_SIZE")) {
    place.local_size = Number(get, "LOCAL_WORLD_SIZE", 1, place.size);
  }
  if (IsSet(get, "LOCAL_RANK")) place.local_rank = Number(get, "LOCAL_RANK", 0, place.size - 1);
  // torchrun occupies the port with a store of its own, which speaks the protocol of its version.
  const char* agent = get("TORCHELASTIC_USE_AGENT_STORE");
  if (agent != nullptr && std::strcmp(agent, "True") == 0) {
    place.port = place.port < 65535 ? place.port + 1 : place.port - 1;
  }
  return place;
}

}  // namespace unmask
