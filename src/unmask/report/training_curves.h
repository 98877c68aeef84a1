#pragma once

#include <filesystem>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/report/plot.h"

namespace unmask {

// The curves of a run over its steps: loss, learning rate, accuracy and AUC, validation log loss.
// `lines`: those of metrics.jsonl. What no line has is left out; without panels there is nothing to
// draw.
Figure TrainingCurves(const std::vector<Json>& lines);

// Draws curves.png into the folder of a run from its metrics.jsonl; nothing while that is empty.
// Throws Error as WriteFigure() does, and when metrics.jsonl cannot be read.
void DrawTrainingCurves(const std::filesystem::path& run);

}  // namespace unmask
