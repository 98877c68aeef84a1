#include "unmask/cli/training_program.h"

#include <system_error>

namespace unmask {

std::filesystem::path TrainingProgram() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "unmask-train";
}

}  // namespace unmask
