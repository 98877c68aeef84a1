#include "unmask/train/validation.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "unmask/backbones/registry.h"
#include "unmask/face/alignment.h"
#include "unmask/nn/images.h"
#include "unmask/sampling/batch_loader.h"
#include "unmask/score/calibration.h"
#include "unmask/score/metrics.h"

namespace unmask {
namespace {

std::vector<double> Scores(const std::vector<double>& margins, double temperature) {
  std::vector<double> scores;
  for (const double margin : margins) scores.push_back(1 / (1 + std::exp(-margin / temperature)));
  return scores;
}

// The share of the items of this label whose score reaches the threshold.
double ShareAbove(double threshold, const std::vector<double>& scores,
                  const std::vector<int>& labels, int label) {
  double above = 0, all = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (labels[i] != label) continue;
    all += 1;
    above += scores[i] >= threshold ? 1 : 0;
  }
  return all > 0 ? above / all : 0;
}

}  // namespace

Json ToJson(const Validation& v) {
  return {{"faces", v.labels.size()},
          {"auc", v.auc},
          {"accuracy", v.accuracy},
          {"log_loss", v.log_loss},
          {"calibrated_log_loss", v.calibrated_log_loss},
          {"temperature", v.temperature},
          {"threshold", v.threshold},
          {"real_below", v.answers.limits.real_below},
          {"false_alarm_rate", v.false_alarm_rate},
          {"detection_rate", v.detection_rate}};
}

Validation Validate(Network& network, Loss& loss, const PairSource& source, int64_t pairs,
                    const std::array<float, 3>& mean, const std::array<float, 3>& deviation,
                    const ErrorRates& rates, const std::function<void()>& between_batches) {
  constexpr int64_t kPairs = 8;  // a batch
  const at::NoGradGuard no_grad;
  Validation result;
  std::vector<double> sharpness;
  std::vector<float> embeddings;
  const at::Device device = network.parameters().begin()->second.device();
  BatchLoader loader(source, {.pairs = kPairs}, 0, at::get_num_threads());
  for (int64_t done = 0; done < pairs; done += kPairs) {
    between_batches();
    const Batch batch = loader.Next();
    const at::Tensor images = ToTensor(batch.images, mean, deviation).to(device);
    const NamedTensors outputs = network.Forward(images, /*training=*/false);
    const at::Tensor logits =
        loss.Logits(outputs.at(HeadInput(network.graph()))).to(at::kCPU, at::kDouble).contiguous();
    const double* values = logits.data_ptr<double>();
    const at::Tensor rows = outputs.at("embedding").to(at::kCPU, at::kFloat).contiguous();
    const auto width = static_cast<size_t>(rows.size(1));
    for (int64_t i = 0; i < std::min(2 * kPairs, 2 * (pairs - done)); ++i) {
      result.margins.push_back(values[2 * i + 1] - values[2 * i]);
      result.labels.push_back(batch.labels[i]);
      sharpness.push_back(BlurMeasure(batch.images[i]));
      const float* row = rows.data_ptr<float>() + static_cast<size_t>(i) * width;
      embeddings.insert(embeddings.end(), row, row + width);
    }
  }
  const std::vector<double> raw = Scores(result.margins, 1);
  result.log_loss = LogLoss(raw, result.labels);
  result.accuracy = Accuracy(raw, result.labels);
  result.auc = AreaUnderRoc(result.margins, result.labels);
  result.temperature = FitTemperature(result.margins, result.labels);
  const std::vector<double> calibrated = Scores(result.margins, result.temperature);
  result.calibrated_log_loss = LogLoss(calibrated, result.labels);
  result.threshold = ThresholdForFalseAlarms(calibrated, result.labels, rates.false_alarms);
  result.false_alarm_rate = ShareAbove(result.threshold, calibrated, result.labels, 0);
  result.detection_rate = ShareAbove(result.threshold, calibrated, result.labels, 1);
  result.answers = FitAnswerLimits({.scores = calibrated,
                                    .labels = result.labels,
                                    .sharpness = sharpness,
                                    .embeddings = embeddings,
                                    .threshold = result.threshold,
                                    .missed = rates.misses});
  return result;
}

}  // namespace unmask
