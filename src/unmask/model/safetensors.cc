// The safetensors format: 8 bytes little-endian length of a JSON header, the header, the data.
// https://github.com/huggingface/safetensors

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/model/half.h"
#include "unmask/model/weights.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr uint64_t kMaxHeader = 100'000'000;  // the limit of the reference implementation

[[noreturn]] void Refuse(const fs::path& path, const std::string& cause) {
  throw Error(path.string() + ": is not a sound safetensors file (" + cause + ")",
              "Fetch or convert the weights again");
}

struct Entry {
  std::string name, type;
  Shape shape;
  uint64_t begin = 0, end = 0;  // in the data

  uint64_t bytes() const { return end - begin; }
};

// Bytes per element; nothing for a type this program does not know.
std::optional<uint64_t> SizeOf(const std::string& type) {
  static const std::map<std::string, uint64_t> kSizes = {
      {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"U64", 8}, {"I32", 4},
      {"U32", 4}, {"I16", 2}, {"U16", 2}, {"I8", 1},   {"U8", 1},  {"BOOL", 1}};
  const auto found = kSizes.find(type);
  return found == kSizes.end() ? std::nullopt : std::optional(found->second);
}

uint64_t NumberOf(const Json& value, const std::string& what) {
  if (!value.is_number_integer() || (!value.is_number_unsigned() && value.get<int64_t>() < 0)) {
    throw Error(what + " is not a whole number of at least 0");
  }
  return value.get<uint64_t>();
}

// Throws Error with the cause alone; the caller adds the file.
Entry ParseEntry(const std::string& name, const Json& value, uint64_t data_size) {
  const std::string label = "tensor '" + name.substr(0, 200) + "': ";
  if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() ||
      !value.contains("shape") || !value["shape"].is_array() || !value.contains("data_offsets") ||
      !value["data_offsets"].is_array() || value["data_offsets"].size() != 2) {
    throw Error(label + "needs dtype, shape and data_offsets");
  }
  Entry entry{.name = name, .type = value["dtype"].get<std::string>(), .shape = {}};
  const std::optional<uint64_t> element = SizeOf(entry.type);
  if (!element) throw Error(label + "unknown type " + entry.type.substr(0, 20));
  uint64_t size = *element;
  for (const Json& d : value["shape"]) {
    const uint64_t dimension = NumberOf(d, label + "a dimension");
    if (dimension > data_size || (dimension != 0 && size > data_size / dimension)) {
      throw Error(label + "its shape needs more bytes than the file has");
    }
    size *= dimension;
    entry.shape.push_back(static_cast<int64_t>(dimension));
  }
  entry.begin = NumberOf(value["data_offsets"][0], label + "an offset");
  entry.end = NumberOf(value["data_offsets"][1], label + "an offset");
  if (entry.begin > entry.end || entry.end > data_size) {
    throw Error(label + "its data lie outside the file");
  }
  if (entry.bytes() != size) throw Error(label + "its shape and its data differ in length");
  return entry;
}

void CheckOverlaps(std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  for (size_t i = 1; i < entries.size(); ++i) {
    if (entries[i].begin < entries[i - 1].end) {
      throw Error("tensors '" + entries[i - 1].name + "' and '" + entries[i].name + "' overlap");
    }
  }
}

std::vector<float> Decode(const std::string& type, const std::string& bytes) {
  std::vector<float> values;
  if (type == "F32") {
    values.resize(bytes.size() / 4);
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  values.reserve(bytes.size() / 2);
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    uint16_t word;
    std::memcpy(&word, bytes.data() + i, 2);
    values.push_back(type == "F16" ? FloatFromHalf(word)
                                   : std::bit_cast<float>(static_cast<uint32_t>(word) << 16));
  }
  return values;
}

std::string ReadBytes(std::ifstream& file, uint64_t offset, uint64_t size) {
  std::string bytes(size, '\0');
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  if (static_cast<uint64_t>(file.gcount()) != size) throw Error("the file is truncated");
  return bytes;
}

Weights Read(std::ifstream& file, uint64_t file_size) {
  if (file_size < 8) throw Error("the file is truncated");
  uint64_t header_size = 0;
  std::memcpy(&header_size, ReadBytes(file, 0, 8).data(), 8);
  if (header_size > std::min(kMaxHeader, file_size - 8)) {
    throw Error("its header claims " + std::to_string(header_size) + " bytes");
  }
  const Json header = Json::parse(ReadBytes(file, 8, header_size), nullptr, false);
  if (!header.is_object()) throw Error("its header is not a JSON object");
  const uint64_t data = 8 + header_size;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") entries.push_back(ParseEntry(name, value, file_size - data));
  }
  CheckOverlaps(entries);
  Weights weights;
  for (const Entry& entry : entries) {
    if (entry.type != "F32" && entry.type != "F16" && entry.type != "BF16") continue;
    const std::string bytes = ReadBytes(file, data + entry.begin, entry.bytes());
    weights[entry.name] = {entry.shape, Decode(entry.type, bytes)};
  }
  if (weights.empty()) throw Error("it holds no floating-point tensor");
  return weights;
}

}  // namespace

Weights ReadSafetensors(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    throw Error(path.string() + ": no such file", "Give the path of a safetensors file");
  }
  const uint64_t size = fs::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) throw Error(path.string() + ": cannot be opened", "Check its rights");
  try {
    return Read(file, size);
  } catch (const Error& e) {
    Refuse(path, e.problem());
  }
}

void WriteSafetensors(const fs::path& path, const Weights& weights,
                      const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : weights) {
    const uint64_t end = offset + tensor.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data begin at a multiple of 8
  const uint64_t length = text.size();

  AtomicFile target(path);
  std::ofstream file(target.temporary_path(), std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << text;
  for (const auto& [name, tensor] : weights) {
    file.write(reinterpret_cast<const char*>(tensor.values.data()),
               static_cast<std::streamsize>(tensor.values.size() * sizeof(float)));
  }
  file.close();
  if (!file) throw Error(path.string() + ": cannot be written", "Check the free space on the disk");
  target.Commit();
}

}  // namespace unmask
