#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/study/study_data.h"
#include "unmask/study/study_folder.h"

namespace unmask {

// A picture of the study.
struct StudyFigure {
  std::filesystem::path file;
  std::string title;
  std::string caption;
  std::string description;  // for those who do not see it
};

// The figures of the plan that can be drawn: the features of the losses on a map (t-SNE and PCA; of
// each and of all fused), and where every loss looks in the faces that the plan names (Grad-CAM).
// Their names hold a key of the models and faces that they show, and what is there (here or beside
// the plan's finished results) is not drawn again. `data` may be null where nothing is prepared.
// What hinders a figure goes to `remarks`. Throws Cancelled when `cancel` is set meanwhile.
std::vector<StudyFigure> DrawStudyFigures(const StudyPlan& plan, const std::vector<Cell>& cells,
                                          const StudyData* data, const StudyFolder& folder,
                                          int threads, std::vector<std::string>& remarks,
                                          const CancelToken* cancel,
                                          const std::function<void(const std::string&)>& progress);

}  // namespace unmask
