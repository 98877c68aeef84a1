#pragma once

#include <filesystem>

#include "unmask/detect/verdict.h"

namespace unmask {

// Draws P(fake) of the judged faces over time, a line a track, and the threshold; of more than
// eight tracks those with the highest scores. Throws Error as WriteFigure() does.
void DrawTimeline(const Verdict& verdict, const std::filesystem::path& path);

}  // namespace unmask
