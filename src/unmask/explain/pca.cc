#include "unmask/explain/pca.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "unmask/base/error.h"
#include "unmask/base/random.h"

namespace unmask {
namespace {

constexpr size_t kOversampling = 10;
constexpr int kIterations = 12;

// A view of the points as OpenCV's matrix, which promises not to write to it.
cv::Mat View(const Points& points) {
  return cv::Mat(static_cast<int>(points.count), static_cast<int>(points.dimensions), CV_64F,
                 const_cast<double*>(points.values.data()));
}

cv::Mat Product(const cv::Mat& a, const cv::Mat& b, int flags) {
  cv::Mat product;
  cv::gemm(a, b, 1, cv::noArray(), 0, product, flags);
  return product;
}

// Makes the rows orthonormal (Gram and Schmidt, twice for accuracy); rows that depend on those
// above become 0.
void Orthonormalise(cv::Mat& rows) {
  for (int r = 0; r < rows.rows; ++r) {
    cv::Mat row = rows.row(r);
    const double before = cv::norm(row);
    for (int pass = 0; pass < 2; ++pass) {
      for (int above = 0; above < r; ++above) {
        const cv::Mat other = rows.row(above);
        cv::scaleAdd(other, -other.dot(row), row, row);
      }
    }
    const double length = cv::norm(row);
    if (length > 1e-12 * before) {
      row *= 1 / length;
    } else {
      row.setTo(0);
    }
  }
}

void FixSign(std::span<double> component) {
  const auto largest = std::max_element(component.begin(), component.end(), [](double a, double b) {
    return std::abs(a) < std::abs(b) - 1e-12;
  });
  if (*largest >= 0) return;
  for (double& value : component) value = -value;
}

}  // namespace

double Pca::ExplainedShare(size_t i) const {
  return total_variance > 0 ? variances.at(i) / total_variance : 0;
}

Points Pca::Project(const Points& data) const {
  if (data.dimensions != mean.size()) throw Error("points of another dimension than the PCA's");
  Points centred = data;
  for (size_t i = 0; i < data.count; ++i) {
    for (size_t d = 0; d < mean.size(); ++d) centred.row(i)[d] -= mean[d];
  }
  Points projected(data.count, components.count);
  if (data.count == 0 || components.count == 0) return projected;
  const cv::Mat product = Product(View(centred), View(components), cv::GEMM_2_T);
  std::copy(product.begin<double>(), product.end<double>(), projected.values.begin());
  return projected;
}

Pca FitPca(const Points& data, size_t components, uint64_t seed) {
  RequireFinite(data, "points to analyse");
  if (components < 1) throw Error("a PCA has at least one component");
  const size_t wanted = std::min({components, data.count, data.dimensions});
  Pca pca;
  pca.mean.assign(data.dimensions, 0.0);
  for (size_t i = 0; i < data.count; ++i) {
    for (size_t d = 0; d < data.dimensions; ++d) pca.mean[d] += data.row(i)[d];
  }
  for (double& value : pca.mean) value /= static_cast<double>(data.count);
  Points centred = data;
  for (size_t i = 0; i < data.count; ++i) {
    for (size_t d = 0; d < data.dimensions; ++d) centred.row(i)[d] -= pca.mean[d];
  }
  const double freedom = std::max<double>(1, static_cast<double>(data.count) - 1);
  for (const double value : centred.values) pca.total_variance += value * value / freedom;

  const cv::Mat x = View(centred);
  cv::Mat basis(static_cast<int>(std::min({wanted + kOversampling, data.count, data.dimensions})),
                x.cols, CV_64F);
  Random random(DeriveSeed(seed, "pca"));
  for (auto value = basis.begin<double>(); value != basis.end<double>(); ++value) {
    *value = Normal(random, 0, 1);
  }
  Orthonormalise(basis);
  cv::Mat scores;  // of the points along the basis
  for (int i = 0; i < kIterations; ++i) {
    scores = Product(x, basis, cv::GEMM_2_T);
    basis = Product(scores, x, cv::GEMM_1_T);
    Orthonormalise(basis);
  }
  scores = Product(x, basis, cv::GEMM_2_T);
  // Within the space that the basis spans the answer is exact.
  cv::Mat variances, rotation;
  cv::eigen(Product(scores, scores, cv::GEMM_1_T) / freedom, variances, rotation);
  const cv::Mat directions = rotation * basis;
  pca.components = Points(wanted, data.dimensions);
  for (size_t c = 0; c < wanted; ++c) {
    const auto row = directions.row(static_cast<int>(c));
    std::copy(row.begin<double>(), row.end<double>(), pca.components.row(c).begin());
    FixSign(pca.components.row(c));
    pca.variances.push_back(std::max(0.0, variances.at<double>(static_cast<int>(c))));
  }
  return pca;
}

}  // namespace unmask
