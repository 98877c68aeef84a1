#include "unmask/base/json.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"

namespace unmask {

Json ReadJson(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw Error("cannot open " + path.string(), "Check that it exists and is readable");
  try {
    return Json::parse(stream);
  } catch (const nlohmann::json::exception& e) {
    throw Error(path.string() + " is not valid JSON: " + e.what());
  }
}

std::string FormatJson(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

void WriteJson(const std::filesystem::path& path, const Json& value) {
  WriteTextFile(path, FormatJson(value) + "\n");
}

}  // namespace unmask
