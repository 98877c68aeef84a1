#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "unmask/score/multiple_comparisons.h"

namespace unmask {

// A critical-difference diagram (Demšar, Journal of Machine Learning Research 7, 2006, figure 1):
// methods on an axis of average ranks, the best at the left; a bar joins those that the Nemenyi
// test cannot tell apart; the critical difference stands above the axis.
struct CriticalDifferenceDiagram {
  std::string title;               // may be empty
  std::vector<std::string> names;  // of the methods; may hold anything
  FriedmanTest friedman;
  double alpha = 0.05;  // error rate of the Nemenyi test over all pairs
  int width = 800;      // pixels; the height follows from the number of methods
};

// Draws it to a .png or .svg, atomically, as WriteFigure() does. Throws UsageError for another
// suffix; Error where names and ranks are not as many, and as RunGnuplot() does.
void WriteCriticalDifference(const std::filesystem::path& path,
                             const CriticalDifferenceDiagram& diagram);

}  // namespace unmask
