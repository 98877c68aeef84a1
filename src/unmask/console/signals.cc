#include "unmask/console/signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace unmask {
namespace {

std::atomic<int> received{SIGINT};

void OnSignal(int number) {
  received.store(number, std::memory_order_relaxed);
  if (GlobalCancelToken().cancelled()) _exit(128 + number);
  GlobalCancelToken().Cancel();
}

}  // namespace

CancelToken& GlobalCancelToken() {
  static constinit CancelToken token;
  return token;
}

void CatchSignals() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int ExitCodeOfSignal() { return 128 + received.load(std::memory_order_relaxed); }

}  // namespace unmask
