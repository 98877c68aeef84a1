#pragma once

#include <memory>
#include <string>
#include <vector>

namespace unmask {

// Further processes of this program on this machine, with the environment that PlaceFromEnvironment
// reads. They end when this object does, or this process, however it ends.
class LocalProcesses {
 public:
  // `arguments`: those of this process, its name first.
  explicit LocalProcesses(std::vector<std::string> arguments);
  // Gives the processes ten seconds to end by themselves, then ends them.
  ~LocalProcesses();

  // Starts the processes 1 … count − 1; this one is process 0 and listens on `port` of 127.0.0.1.
  // Their standard output is discarded. Throws Error.
  void Start(int count, int port);

  // Throws Error when one has ended.
  void Check();

  // How process `rank` ended, with the last it said: "was killed by signal 9 (Killed)". Waits up to
  // two seconds for its end; empty when it still runs. Thread-safe.
  std::string HowItEnded(int rank);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether this process was started by a LocalProcesses. If so, it is ended by the system together
// with its parent from now on.
bool FollowLocalParent();

}  // namespace unmask
