#pragma once

#include <functional>
#include <optional>
#include <string>

namespace unmask {

// A process's place among those that train together, as torchrun and its like describe it in the
// environment.
struct ProcessPlace {
  int rank = 0;                       // RANK
  int size = 1;                       // WORLD_SIZE
  int local_rank = 0;                 // LOCAL_RANK: on its machine
  int local_size = 1;                 // LOCAL_WORLD_SIZE: processes on its machine
  std::string address = "127.0.0.1";  // MASTER_ADDR: where process 0 listens
  int port = 0;                       // MASTER_PORT; 0: process 0 takes any free one
};

// Reads the variables through `get` (null where unset; std::getenv by default). RANK, WORLD_SIZE,
// MASTER_ADDR and MASTER_PORT belong together; where none is set the result is empty. Throws
// UsageError naming a variable that is missing, no number or out of range.
std::optional<ProcessPlace> PlaceFromEnvironment(
    const std::function<const char*(const char*)>& get = nullptr);

}  // namespace unmask
