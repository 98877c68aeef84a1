#include "unmask/train_cli/together.h"

#include <optional>

#include "unmask/base/error.h"
#include "unmask/console/signals.h"
#include "unmask/train/process_place.h"

namespace unmask {

Together JoinProcesses(int processes, const std::vector<std::string>& arguments) {
  Together together;
  ProcessGroup::Options options;
  options.check = [] { GlobalCancelToken().Check(); };
  const bool follows = FollowLocalParent();
  std::optional<ProcessPlace> place = PlaceFromEnvironment();
  if (place && processes > 1 && !follows) {
    throw UsageError("--processes " + std::to_string(processes) +
                         " starts processes, but the environment says that a launcher has (RANK, "
                         "WORLD_SIZE)",
                     "Leave out --processes, or unset RANK, WORLD_SIZE, MASTER_ADDR and "
                     "MASTER_PORT");
  }
  if (!place) {
    place.emplace();
    place->size = place->local_size = processes;
  }
  if (processes > 1 && !follows) {
    together.local = std::make_unique<LocalProcesses>(arguments);
    LocalProcesses* local = together.local.get();
    options.launch = [=](int port) { local->Start(processes, port); };
    options.check = [=] {
      GlobalCancelToken().Check();
      local->Check();
    };
    options.how_it_ended = [=](int rank) { return local->HowItEnded(rank); };
  }
  together.group = std::make_unique<ProcessGroup>(*place, options);
  return together;
}

}  // namespace unmask
