#pragma once

#include <ATen/core/Tensor.h>

#include "unmask/base/random.h"
#include "unmask/losses/loss.h"

namespace unmask {

// Pieces that heads are made of. Tensors: x {batch, D}, W {C, D}, labels {batch}.

// A parameter {C, D} drawn from N(0, 0.01). Small: the usual initialisation begins at a loss of 4
// and costs many steps. Cosine heads use its direction alone.
at::Tensor InitialMatrix(const LossShape& shape, Random& random);

// A parameter {C} of zeros.
at::Tensor InitialBias(const LossShape& shape);

// x in the precision of the head.
at::Tensor AsHead(const at::Tensor& x, const at::Tensor& weight);

// Rows scaled to length 1; a row of zeros stays zero and has a finite gradient.
at::Tensor Normalized(const at::Tensor& rows);

// cos θ of every row of x with every row of W, {batch, C}, in [−1, 1].
at::Tensor Cosines(const at::Tensor& x, const at::Tensor& weight);

// The value of each row in the column of its label, {batch}; and `values` with these replaced.
at::Tensor TargetOf(const at::Tensor& values, const at::Tensor& labels);
at::Tensor WithTarget(const at::Tensor& values, const at::Tensor& labels, const at::Tensor& target);

// CE with the class weights of the shape: Σ w_y · ce / Σ w_y.
at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels, const LossShape& shape);

// The mean over the batch of a loss per face, with the same weights.
at::Tensor WeightedMean(const at::Tensor& loss, const at::Tensor& labels, const LossShape& shape);

// W x + b with the head's parameters, and the same as a graph.
at::Tensor LinearLogits(const at::Tensor& x, Loss& loss, const LossShape& shape);
int AddLinearHead(GraphBuilder& graph, int embedding, const LossShape& shape);

// scale · cos θ as a graph.
int AddCosineHead(GraphBuilder& graph, int embedding, double scale, const LossShape& shape);

}  // namespace unmask
