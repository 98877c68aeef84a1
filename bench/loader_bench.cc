// Images a second of the loader: read from a store, forged or not, degraded; 224 pixels.
//
//   loader_bench STORE [WORKERS [SECONDS [FORGERY [DEGRADATION…]]]]
//
// DEGRADATION as for `unmask train --degradation`, or "strength=0". Prints one JSON object: runs
// (images/s each), cpu_ms (of one core for a pair) and peak_mb.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <string>

#include "unmask/base/error.h"
#include "unmask/sampling/batch_loader.h"

namespace unmask {
namespace {

constexpr int kRuns = 3;
constexpr int64_t kPairs = 8;  // a batch

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void Bench(const char* store, int workers, double seconds, const PairSource::Options& options) {
  const PairSource source(OpenStores({store}), options);
  BatchLoader loader(source, {.pairs = kPairs}, 0, workers);
  nlohmann::json line = {{"workers", workers}, {"forgery", options.forgery}};
  // Batches that were made while nobody measured are no work of a run.
  for (int i = 0; i < 3 * workers; ++i) loader.Next();
  double cpu = 0;
  int64_t batches = 0;
  for (int run = 0; run < kRuns; ++run) {
    const double start = Seconds(), cpu_start = CpuSeconds();
    int64_t made = 0;
    for (; made == 0 || Seconds() - start < seconds / kRuns; ++made) loader.Next();
    line["runs"].push_back(static_cast<double>(2 * kPairs * made) / (Seconds() - start));
    cpu += CpuSeconds() - cpu_start;
    batches += made;
  }
  line["cpu_ms"] = 1000 * cpu / static_cast<double>(batches * kPairs);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  line["peak_mb"] = static_cast<double>(usage.ru_maxrss) / 1024;
  std::printf("%s\n", line.dump().c_str());
}

}  // namespace
}  // namespace unmask

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr,
                 "usage: loader_bench STORE [WORKERS [SECONDS [FORGERY [DEGRADATION…]]]]\n");
    return 2;
  }
  cv::setNumThreads(1);  // as in the training program
  try {
    unmask::PairSource::Options options{.forgery = argc > 4 ? argv[4] : "self-blend"};
    for (int i = 5; i < argc; ++i) {
      if (std::string(argv[i]) == "strength=0") {
        options.augment.strength = 0;
      } else {
        options.augment.levels.Set(argv[i]);
      }
    }
    unmask::Bench(argv[1], argc > 2 ? std::atoi(argv[2]) : 1, argc > 3 ? std::atof(argv[3]) : 6,
                  options);
  } catch (const unmask::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
