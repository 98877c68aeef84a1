#include "unmask/train/validation.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "unmask/backbones/registry.h"
#include "unmask/base/error.h"
#include "unmask/face/alignment.h"
#include "unmask/nn/images.h"
#include "unmask/sampling/batch_loader.h"
#include "unmask/sampling/degrade.h"
#include "unmask/score/calibration.h"
#include "unmask/score/metrics.h"

namespace unmask {
namespace {

constexpr int64_t kBlurredFaces = 100;                   // real ones, each at every strength
constexpr double kBlurs[] = {0.005, 0.01, 0.015, 0.02};  // standard deviations, of the width

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

// Of each face in turn.
struct Judged {
  std::vector<double> margins;
  std::vector<double> sharpness;
  std::vector<float> embeddings;
};

// Adds what the network says of `images`, which are `pixels` as it takes them.
void Judge(Network& network, Loss& loss, const at::Tensor& images, const std::vector<Image>& pixels,
           Judged& judged) {
  const at::Device device = network.parameters().begin()->second.device();
  const NamedTensors outputs = network.Forward(images.to(device), /*training=*/false);
  const at::Tensor logits =
      loss.Logits(outputs.at(HeadInput(network.graph()))).to(at::kCPU, at::kDouble).contiguous();
  const double* values = logits.data_ptr<double>();
  for (size_t i = 0; i < pixels.size(); ++i) {
    judged.margins.push_back(values[2 * i + 1] - values[2 * i]);
    judged.sharpness.push_back(BlurMeasure(pixels[i]));
  }
  const at::Tensor rows = outputs.at("embedding").to(at::kCPU, at::kFloat).contiguous();
  judged.embeddings.insert(judged.embeddings.end(), rows.data_ptr<float>(),
                           rows.data_ptr<float>() + rows.numel());
}

// For limits that one face in 200 lies beyond.
constexpr size_t kEnoughFaces = 200;

// The real faces out of focus, stronger than in training, too: networks take that for forgery.
std::vector<Image> BlurredCopies(const Batch& batch) {
  std::vector<Image> copies;
  for (size_t i = 0; i < batch.images.size(); ++i) {
    if (batch.labels[i] == 1) continue;
    for (const double sigma : kBlurs) {
      Blur(copies.emplace_back(batch.images[i]), sigma * batch.images[i].width);
    }
  }
  return copies;
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

void RequireBothLabels(const PairSource& source, int64_t pairs) {
  bool seen[2] = {false, false};
  for (int64_t i = 0; i < pairs && !(seen[0] && seen[1]); ++i) {
    for (const Sample& sample : source.Make(i)) seen[sample.label] = true;
  }
  if (seen[0] && seen[1]) return;
  throw UsageError(
      "the " + std::to_string(2 * pairs) +
          " faces of the split 'val' that validations judge are all " + (seen[1] ? "fake" : "real"),
      "Raise --validation-faces, now " + std::to_string(pairs) + ", or leave out --balance none");
}

Validation Validate(Network& network, Loss& loss, const PairSource& source, int64_t pairs,
                    const std::array<float, 3>& mean, const std::array<float, 3>& deviation,
                    const ErrorRates& rates, const std::function<void()>& between_batches) {
  constexpr int64_t kPairs = 8;  // a batch
  const at::NoGradGuard no_grad;
  Validation result;
  Judged judged, blurred;
  BatchLoader loader(source, {.pairs = kPairs}, 0, at::get_num_threads());
  for (int64_t done = 0; done < pairs; done += kPairs) {
    between_batches();
    Batch batch = loader.Next();
    const auto count = static_cast<size_t>(std::min(2 * kPairs, 2 * (pairs - done)));
    batch.images.resize(count);
    result.labels.insert(result.labels.end(), batch.labels.begin(),
                         batch.labels.begin() + static_cast<ptrdiff_t>(count));
    const at::Tensor images = ToTensor(batch.images, mean, deviation);
    Judge(network, loss, images, batch.images, judged);
    if (done >= kBlurredFaces) continue;
    between_batches();
    const std::vector<Image> copies = BlurredCopies(batch);
    if (copies.empty()) continue;  // all are fake, as pairs of the stores may be
    Judge(network, loss, ToTensor(copies, mean, deviation), copies, blurred);
  }
  result.margins = std::move(judged.margins);
  const std::vector<double> raw = Scores(result.margins, 1);
  result.log_loss = LogLoss(raw, result.labels);
  result.accuracy = Accuracy(raw, result.labels);
  result.auc = AreaUnderRoc(result.margins, result.labels);
  result.temperature = FitTemperature(result.margins, result.labels);
  // A few faces may all be told apart, which is no reason to be certain of others.
  const bool few = result.labels.size() < kEnoughFaces;
  if (few) result.temperature = std::max(1.0, result.temperature);
  const std::vector<double> calibrated = Scores(result.margins, result.temperature);
  result.calibrated_log_loss = LogLoss(calibrated, result.labels);
  result.threshold = ThresholdForFalseAlarms(calibrated, result.labels, rates.false_alarms);
  result.false_alarm_rate = ShareAbove(result.threshold, calibrated, result.labels, 0);
  result.detection_rate = ShareAbove(result.threshold, calibrated, result.labels, 1);
  const std::vector<double> blurred_scores = Scores(blurred.margins, result.temperature);
  result.answers = FitAnswerLimits({.scores = calibrated,
                                    .labels = result.labels,
                                    .sharpness = judged.sharpness,
                                    .embeddings = judged.embeddings,
                                    .blurred_scores = blurred_scores,
                                    .blurred_sharpness = blurred.sharpness,
                                    .threshold = result.threshold,
                                    .false_alarms = rates.false_alarms,
                                    .missed = rates.misses});
  if (few) {  // what is rare among them is common elsewhere
    result.answers.limits.least_sharpness = 0;
    result.answers.limits.most_distance = 0;
  }
  return result;
}

}  // namespace unmask
