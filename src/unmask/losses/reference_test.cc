// Every loss against a second implementation in plain arithmetic on doubles, without tensors.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <numbers>

#include "unmask/losses/test_heads.h"

namespace unmask {
namespace {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;

double Dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
double Length(const Vector& a) { return std::sqrt(Dot(a, a)); }
double Cosine(const Vector& a, const Vector& b) { return Dot(a, b) / (Length(a) * Length(b)); }

double NegativeLogSoftmax(const Vector& logits, size_t label) {
  double sum = 0;
  for (const double z : logits) sum += std::exp(z - logits[label]);
  return std::log(sum);
}

// All that a loss of one batch depends on.
struct Batch {
  Matrix x, weight, centres;
  Vector bias;
  std::vector<size_t> labels;
};

// The mean over the batch of CE of the logits that `logit(x, class, is_label)` gives.
double MeanCrossEntropy(const Batch& b,
                        const std::function<double(const Vector&, size_t, bool)>& logit) {
  double sum = 0;
  for (size_t i = 0; i < b.x.size(); ++i) {
    Vector logits;
    for (size_t k = 0; k < b.weight.size(); ++k) {
      logits.push_back(logit(b.x[i], k, k == b.labels[i]));
    }
    sum += NegativeLogSoftmax(logits, b.labels[i]);
  }
  return sum / static_cast<double>(b.x.size());
}

double SoftmaxLoss(const Batch& b) {
  return MeanCrossEntropy(
      b, [&](const Vector& x, size_t k, bool) { return Dot(b.weight[k], x) + b.bias[k]; });
}

double MarginAngle(double cosine, double m) {
  const double theta = std::acos(cosine);
  const double k = std::floor(m * theta / std::numbers::pi);
  return std::pow(-1, k) * std::cos(m * theta) - 2 * k;
}

double Contrast(const Batch& b) {
  double sum = 0, faces = 0;
  for (size_t i = 0; i < b.x.size(); ++i) {
    double all = 0, partners = 0, inner = 0;
    for (size_t a = 0; a < b.x.size(); ++a) {
      if (a != i) all += std::exp(Cosine(b.x[i], b.x[a]) / 0.1);
    }
    for (size_t p = 0; p < b.x.size(); ++p) {
      if (p == i || b.labels[p] != b.labels[i]) continue;
      inner += Cosine(b.x[i], b.x[p]) / 0.1 - std::log(all);
      ++partners;
    }
    if (partners == 0) continue;
    sum -= inner / partners;
    ++faces;
  }
  return sum / faces;
}

const std::map<std::string, std::function<double(const Batch&)>> kReferences = {
    {"softmax", SoftmaxLoss},
    {"l2_softmax",
     [](const Batch& b) {
       return MeanCrossEntropy(b, [&](const Vector& x, size_t k, bool) {
         return 64 * Dot(b.weight[k], x) / Length(x) + b.bias[k];
       });
     }},
    {"l_softmax",
     [](const Batch& b) {
       return MeanCrossEntropy(b, [&](const Vector& x, size_t k, bool label) {
         const double c = Cosine(b.weight[k], x), scale = Length(b.weight[k]) * Length(x);
         return scale * (label ? (1000 * c + MarginAngle(c, 4)) / 1001 : c);
       });
     }},
    {"a_softmax",
     [](const Batch& b) {
       return MeanCrossEntropy(b, [&](const Vector& x, size_t k, bool label) {
         const double c = Cosine(b.weight[k], x);
         return Length(x) * (label ? (1000 * c + MarginAngle(c, 4)) / 1001 : c);
       });
     }},
    {"arcface",
     [](const Batch& b) {
       return MeanCrossEntropy(b, [&](const Vector& x, size_t k, bool label) {
         const double c = Cosine(b.weight[k], x), theta = std::acos(c);
         if (!label) return 64 * c;
         return 64 *
                (theta < std::numbers::pi - 0.5 ? std::cos(theta + 0.5) : c + std::cos(0.5) - 1);
       });
     }},
    {"center",
     [](const Batch& b) {
       double distances = 0;
       for (size_t i = 0; i < b.x.size(); ++i) {
         for (size_t d = 0; d < b.x[i].size(); ++d) {
           distances += std::pow(b.x[i][d] - b.centres[b.labels[i]][d], 2);
         }
       }
       return SoftmaxLoss(b) + 0.003 / 2 * distances / static_cast<double>(b.x.size());
     }},
    {"coco",
     [](const Batch& b) {
       return MeanCrossEntropy(
           b, [&](const Vector& x, size_t k, bool) { return 64 * Cosine(b.weight[k], x); });
     }},
    {"focal",
     [](const Batch& b) {
       double sum = 0;
       for (size_t i = 0; i < b.x.size(); ++i) {
         Vector logits;
         for (size_t k = 0; k < 2; ++k) logits.push_back(Dot(b.weight[k], b.x[i]) + b.bias[k]);
         const double p = std::exp(-NegativeLogSoftmax(logits, b.labels[i]));
         sum -= std::pow(1 - p, 2) * std::log(p);
       }
       return sum / static_cast<double>(b.x.size());
     }},
    {"am_softmax",
     [](const Batch& b) {
       return MeanCrossEntropy(b, [&](const Vector& x, size_t k, bool label) {
         return 30 * (Cosine(b.weight[k], x) - (label ? 0.35 : 0));
       });
     }},
    {"supervised_contrastive",
     [](const Batch& b) {
       return Contrast(b) + MeanCrossEntropy(b, [&](const Vector& x, size_t k, bool) {
                return Dot(b.weight[k], x) / Length(x) + b.bias[k];
              });
     }},
};

Matrix ToMatrix(const at::Tensor& tensor) {
  Matrix matrix;
  for (int64_t i = 0; i < tensor.size(0); ++i) {
    Vector& row = matrix.emplace_back();
    for (int64_t j = 0; j < tensor.size(1); ++j) row.push_back(tensor[i][j].item<double>());
  }
  return matrix;
}

TEST(LossReference, EveryLossEqualsPlainArithmetic) {
  for (const LossKind& kind : Losses()) {
    const auto reference = kReferences.find(std::string(kind.name));
    ASSERT_NE(reference, kReferences.end()) << kind.name << " has no reference";
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const auto loss = MakeLoss(kind.name, Json::object(), 4);
      Randomise(*loss, seed);
      const at::Tensor x = at::randn({7, 4}, at::kDouble) * 2;
      const at::Tensor labels = at::randint(2, {7}, at::kLong);
      Batch batch{ToMatrix(x), ToMatrix(loss->parameters().at("head.weight")), {}, {0, 0}, {}};
      if (loss->parameters().count("head.bias")) {
        batch.bias = ToMatrix(loss->parameters().at("head.bias").view({1, 2}))[0];
      }
      if (loss->state().count("centres")) batch.centres = ToMatrix(loss->state().at("centres"));
      for (int64_t i = 0; i < 7; ++i) {
        batch.labels.push_back(static_cast<size_t>(labels[i].item<int64_t>()));
      }
      const double expected = reference->second(batch);
      EXPECT_NEAR(loss->Compute(x, labels).item<double>(), expected, 1e-9 * (1 + expected))
          << kind.name;
    }
  }
}

}  // namespace
}  // namespace unmask
