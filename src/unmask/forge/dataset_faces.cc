#include "unmask/forge/dataset_faces.h"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <type_traits>

#include "unmask/base/atomic_file.h"

namespace unmask {
namespace {

constexpr char kMagic[] = "unmask faces 1";

template <typename T>
void Put(std::string& bytes, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}

  template <typename T>
  bool Take(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (bytes_.size() - at_ < sizeof(value)) return false;
    std::memcpy(&value, bytes_.data() + at_, sizeof(value));
    at_ += sizeof(value);
    return true;
  }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

struct Head {
  char magic[sizeof(kMagic)];
  int32_t width, height;
  double frames_per_second, duration;
  FaceLook look;
  int64_t moments;
};

}  // namespace

std::optional<FoundFaces> ReadFoundFaces(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Reader reader({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
  Head head;
  if (!reader.Take(head) || std::memcmp(head.magic, kMagic, sizeof(kMagic)) != 0) return {};
  FoundFaces found;
  found.info.width = head.width;
  found.info.height = head.height;
  found.info.frames_per_second = head.frames_per_second;
  found.info.duration = head.duration;
  found.look = head.look;
  for (int64_t i = 0; i < head.moments; ++i) {
    FaceMoment& moment = found.moments.emplace_back();
    int32_t track = 0, points = 0;
    if (!reader.Take(track) || !reader.Take(points)) return {};
    if (points != 0 && points != kMeshSize) return {};
    moment.track = track;
    moment.mesh.resize(static_cast<size_t>(points));
    for (Point& p : moment.mesh) {
      if (!reader.Take(p)) return {};
    }
  }
  if (!reader.at_end()) return {};
  return found;
}

void WriteFoundFaces(const std::filesystem::path& path, const FoundFaces& found) {
  Head head{};
  std::memcpy(head.magic, kMagic, sizeof(kMagic));
  head.width = found.info.width;
  head.height = found.info.height;
  head.frames_per_second = found.info.frames_per_second;
  head.duration = found.info.duration;
  head.look = found.look;
  head.moments = static_cast<int64_t>(found.moments.size());
  std::string bytes;
  Put(bytes, head);
  for (const FaceMoment& moment : found.moments) {
    Put(bytes, static_cast<int32_t>(moment.track));
    Put(bytes, static_cast<int32_t>(moment.mesh.size()));
    for (const Point& p : moment.mesh) Put(bytes, p);
  }
  WriteTextFile(path, bytes);
}

}  // namespace unmask
