#include "unmask/train/metrics_log.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"

namespace unmask {

MetricsLog::MetricsLog(std::filesystem::path path, int64_t step) : path_(std::move(path)) {
  std::string kept;
  if (std::ifstream file(path_); step > 0 && file) {
    for (std::string line; std::getline(file, line);) {
      const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (json.is_object() && json.value("step", step + 1) <= step) kept += line + "\n";
    }
  }
  WriteTextFile(path_, kept);
}

void MetricsLog::Add(int64_t step, const Json& values) {
  Json line = {{"step", step}};
  line.update(values);
  std::ofstream file(path_, std::ios::app);
  file << line.dump() + "\n" << std::flush;
  if (!file) throw Error("cannot write " + path_.string(), "Check that the disk is not full");
}

}  // namespace unmask
