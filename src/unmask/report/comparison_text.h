#pragma once

#include <string>

#include "unmask/score/paired_bootstrap.h"

namespace unmask {

// "p = 0.012", "p < 0.001", "p unknown" where it is not a number.
std::string PText(double p);

// Accuracies and AUCs as percentages, log losses as they are: "97.3", "0.1042"; "–" for what is not
// a number.
std::string MeasureNumber(ComparedMeasure measure, double value);

// What a difference is called: "accuracy", "balanced accuracy", "AUC", "log loss".
std::string MeasureTitle(ComparedMeasure measure);

// A difference in words, e.g.
//   AUC: fusion is better than softmax by 1.2 points (0.3 … 2.2), p = 0.010
//   accuracy: fusion cannot be told from softmax: +0.4 points (-0.9 … 1.6), p = 0.550
// Better means what the measure calls so. Points are hundredths of the measure; a log loss is given
// as it is. `difference` is `subject` minus `other`; it is real where p < `alpha`, so give it the
// adjusted p where many are compared.
std::string DifferenceText(ComparedMeasure measure, const std::string& subject,
                           const std::string& other, const PairedDifference& difference,
                           double alpha = 0.05);

}  // namespace unmask
