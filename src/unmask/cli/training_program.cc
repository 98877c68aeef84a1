#include "unmask/cli/training_program.h"

#include "unmask/base/paths.h"

namespace unmask {

std::filesystem::path TrainingProgram() { return ProgramBesideThis("unmask-train"); }

}  // namespace unmask
