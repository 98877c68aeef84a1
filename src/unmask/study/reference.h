#pragma once

#include <optional>
#include <string>

#include "unmask/score/aggregate.h"

namespace unmask {

// What the ICPR 2020 study reports, on FaceForensics++. Accuracies as shares of 1. Nothing where it
// has no such number. Losses and classes are named as here: "l2_softmax", "Deepfakes".

enum class PaperMeasure { kAccuracy, kLogLoss, kAuc };

// Trained and tested on all manipulations.
std::optional<double> PaperIntra(const std::string& quality, const std::string& loss,
                                 Aggregation aggregation, PaperMeasure measure);

// Trained on one manipulation, tested on another (and on real videos); accuracy and AUC. The paper
// does not say at which quality, nor with which aggregation.
std::optional<double> PaperCrossClass(const std::string& train, const std::string& test,
                                      const std::string& loss, PaperMeasure measure);

// Two models fused; `column` is a class, "real", "All" (the mean of the classes), "log_loss" or
// "auc". The order of the losses does not matter.
std::optional<double> PaperFusion(const std::string& quality, const std::string& loss_a,
                                  const std::string& loss_b, const std::string& column);

// "NT" of "NeuralTextures" and the like, as the paper abbreviates; other names as they are.
std::string ShortClassName(const std::string& class_name);

}  // namespace unmask
