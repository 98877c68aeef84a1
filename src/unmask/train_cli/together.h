#pragma once

#include <memory>
#include <string>
#include <vector>

#include "unmask/train/local_processes.h"
#include "unmask/train/process_group.h"

namespace unmask {

// The processes that this run is made of.
struct Together {
  std::unique_ptr<LocalProcesses> local;  // started by this one; null: none
  std::unique_ptr<ProcessGroup> group;    // ends before them
};

// Joins the group that the environment describes (torchrun, Slurm, Kubernetes), or starts
// `processes` − 1 further processes on this machine with the same `arguments` (the program's name
// first), or is alone. Throws UsageError when both are asked for.
Together JoinProcesses(int processes, const std::vector<std::string>& arguments);

}  // namespace unmask
