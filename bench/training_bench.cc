// Images a second of training steps: forward, backward and AdamW on random pictures that are
// already in memory, random first weights.
//
//   training_bench BACKBONE fp32|bf16 PAIRS SECONDS [THREADS]
//
// Prints one JSON object: runs (images/s each), and what was run.
#include <ATen/Parallel.h>
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/train/process_group.h"
#include "unmask/train/training_step.h"

namespace unmask {
namespace {

constexpr int kRuns = 3;

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Batch RandomBatch(int64_t count, int size) {
  Random random(1);
  Batch batch;
  for (int64_t i = 0; i < count; ++i) {
    Image& picture = batch.images.emplace_back(size, size);
    for (uint8_t& value : picture.data) value = static_cast<uint8_t>(UniformInt(random, 256));
    batch.labels.push_back(static_cast<int>(i % 2));
  }
  return batch;
}

void Bench(const TrainOptions& options, double seconds) {
  TrainedClassifier classifier(options);
  Optimizer optimizer(classifier.Trainable(), {.name = options.optimizer});
  ProcessGroup alone;
  TrainingStep step(classifier, optimizer, options, alone);
  const Batch batch = RandomBatch(2 * options.pairs, static_cast<int>(InputSize(options)));
  int64_t steps = 0;
  const auto run = [&](double limit) {
    const double start = Seconds();
    int64_t images = 0;
    do {
      step.Run(steps++, 1e-4, [&] { return batch; });
      images += 2 * options.pairs;
    } while (Seconds() - start < limit);
    return static_cast<double>(images) / (Seconds() - start);
  };
  run(0);  // warm up
  nlohmann::json line = {{"backbone", options.backbone},
                         {"precision", UsesBfloat16(options) ? "bf16" : "fp32"},
                         {"input_size", InputSize(options)},
                         {"batch", 2 * options.pairs},
                         {"threads", at::get_num_threads()}};
  for (int i = 0; i < kRuns; ++i) line["runs"].push_back(run(seconds / kRuns));
  std::printf("%s\n", line.dump().c_str());
}

}  // namespace
}  // namespace unmask

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: training_bench BACKBONE fp32|bf16 PAIRS SECONDS [THREADS]\n");
    return 2;
  }
  // As the training program does: page faults of large tensors cost up to four times the work.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2047 << 20);
  unmask::TrainOptions options;
  options.backbone = argv[1];
  options.bfloat16 = std::string(argv[2]) == "bf16";
  options.pairs = std::atoi(argv[3]);
  const int threads = argc > 5 ? std::atoi(argv[5]) : 0;
  at::set_num_threads(threads > 0 ? threads
                                  : static_cast<int>(std::thread::hardware_concurrency()));
  try {
    unmask::Bench(options, std::atof(argv[4]));
  } catch (const unmask::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
