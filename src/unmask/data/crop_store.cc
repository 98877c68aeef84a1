#include "unmask/data/crop_store.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr int kFormatVersion = 1;

// Hundredths of a pixel are finer than the landmarks.
double Rounded(double value) { return std::round(value * 100) / 100; }

Json PointsToJson(std::span<const Point> points) {
  Json json = Json::array();
  for (const Point& p : points) {
    json.push_back(Rounded(p.x));
    json.push_back(Rounded(p.y));
  }
  return json;
}

// `count` points as x, y, x, y, …
std::vector<Point> PointsFromJson(const Json& json, size_t count) {
  const auto numbers = json.get<std::vector<float>>();
  if (numbers.size() != 2 * count) {
    throw Error("it has " + std::to_string(numbers.size()) + " coordinates of landmarks, not " +
                std::to_string(2 * count));
  }
  std::vector<Point> points(count);
  for (size_t i = 0; i < count; ++i) points[i] = {numbers[2 * i], numbers[2 * i + 1]};
  return points;
}

Json ToJson(const CropRecord& record) {
  const Face& face = record.face;
  const Similarity& t = record.crop_from_frame;
  return {{"id", record.id},
          {"source", record.source},
          {"identity", record.identity},
          {"split", record.split},
          {"label", record.label},
          {"class", record.class_name},
          {"quality", record.quality},
          {"track", record.track},
          {"frame", face.frame},
          {"time", face.time},
          {"box", {face.box.x0, face.box.y0, face.box.x1, face.box.y1}},
          {"confidence", face.confidence},
          {"presence", face.presence},
          {"blur", face.blur},
          {"crop_from_frame", {t.a, t.b, t.tx, t.ty}},
          {"points", PointsToJson(face.points)},
          {"mesh", PointsToJson(face.mesh)}};
}

Json ToJson(const SourceFile& file) {
  return {{"source", file.source}, {"identity", file.identity}, {"split", file.split},
          {"label", file.label},   {"class", file.class_name},  {"quality", file.quality},
          {"tracks", file.tracks}, {"faces", file.faces},       {"failure", file.failure}};
}

SourceFile FileFromJson(const Json& json) {
  SourceFile file;
  json.at("source").get_to(file.source);
  json.at("identity").get_to(file.identity);
  json.at("split").get_to(file.split);
  json.at("label").get_to(file.label);
  json.at("class").get_to(file.class_name);
  json.at("quality").get_to(file.quality);
  json.at("tracks").get_to(file.tracks);
  json.at("faces").get_to(file.faces);
  json.at("failure").get_to(file.failure);
  return file;
}

fs::path CropPath(const fs::path& folder, int64_t id) {
  char name[32];
  std::snprintf(name, sizeof name, "crops/%07lld.png", static_cast<long long>(id));
  return folder / name;
}

CropRecord RecordFromJson(const Json& json) {
  CropRecord record;
  Face& face = record.face;
  json.at("id").get_to(record.id);
  json.at("source").get_to(record.source);
  json.at("identity").get_to(record.identity);
  json.at("split").get_to(record.split);
  json.at("label").get_to(record.label);
  if (record.label < -1 || record.label > 1) throw Error("label must be -1, 0 or 1");
  // Older stores have neither.
  record.class_name = json.value("class", std::string());
  record.quality = json.value("quality", std::string());
  json.at("track").get_to(record.track);
  json.at("frame").get_to(face.frame);
  json.at("time").get_to(face.time);
  const auto box = json.at("box").get<std::array<float, 4>>();
  face.box = {box[0], box[1], box[2], box[3]};
  json.at("confidence").get_to(face.confidence);
  json.at("presence").get_to(face.presence);
  json.at("blur").get_to(face.blur);
  const auto transform = json.at("crop_from_frame").get<std::array<double, 4>>();
  record.crop_from_frame = {transform[0], transform[1], transform[2], transform[3]};
  const std::vector<Point> points = PointsFromJson(json.at("points"), face.points.size());
  std::copy(points.begin(), points.end(), face.points.begin());
  face.mesh = PointsFromJson(json.at("mesh"), kMeshSize);
  return record;
}

CropStoreInfo InfoFromJson(const fs::path& path, const Json& json) {
  CropStoreInfo info;
  try {
    json.at("format_version").get_to(info.format_version);
    json.at("crop_size").get_to(info.crop_size);
    json.at("crop_scale").get_to(info.crop_scale);
    json.at("program_version").get_to(info.program_version);
  } catch (const nlohmann::json::exception& e) {
    throw Error(path.string() + ": is not the description of a store (" + e.what() + ")",
                "Make the store again with `unmask prepare`");
  }
  if (info.format_version != kFormatVersion || info.crop_size < 16 || info.crop_scale <= 0) {
    throw Error(path.string() + ": has a format or a crop size this program cannot read",
                "Make the store again with this version of `unmask prepare`");
  }
  return info;
}

void ForEachLine(const fs::path& path, const std::function<void(const Json&)>& use) {
  std::ifstream stream(path);
  std::string line;
  for (int64_t number = 1; std::getline(stream, line); ++number) {
    const auto refuse = [&](const std::string& cause) {
      throw Error(path.string() + ", line " + std::to_string(number) + ": " + cause,
                  "Make the store again with `unmask prepare`");
    };
    try {
      use(Json::parse(line));
    } catch (const nlohmann::json::exception& e) {
      refuse(e.what());
    } catch (const Error& e) {
      refuse(e.problem());
    }
  }
}

}  // namespace

struct CropStoreWriter::Impl {
  fs::path target;
  fs::path folder;  // under a temporary name until Finish()
  CropStoreInfo info;
  std::ofstream faces;
  std::ofstream files;
  int64_t count = 0;
  bool finished = false;

  ~Impl() {
    faces.close();
    std::error_code ignored;
    if (!finished) fs::remove_all(folder, ignored);
  }
};

CropStoreWriter::CropStoreWriter(const fs::path& folder, const CropStoreInfo& info)
    : impl_(std::make_unique<Impl>()) {
  impl_->target = fs::absolute(folder).lexically_normal();
  if (!impl_->target.has_filename()) impl_->target = impl_->target.parent_path();
  impl_->info = info;
  std::error_code error;
  if (fs::exists(impl_->target, error) && !fs::is_empty(impl_->target, error)) {
    throw Error(folder.string() + ": exists and is not an empty folder",
                "Give a new folder, or remove this one first");
  }
  impl_->folder = impl_->target;
  impl_->folder += ".tmp" + std::to_string(getpid());
  fs::create_directories(impl_->folder / "crops", error);
  impl_->faces.open(impl_->folder / "faces.jsonl");
  impl_->files.open(impl_->folder / "files.jsonl");
  if (error || !impl_->faces || !impl_->files) {
    throw Error(folder.string() + ": cannot be created" +
                    (error ? " (" + error.message() + ")" : std::string()),
                "Give a folder in a place where you may write");
  }
}

CropStoreWriter::~CropStoreWriter() = default;

void CropStoreWriter::Add(const AlignedFace& face, CropRecord record) {
  record.id = impl_->count++;
  record.face = face.face;
  record.crop_from_frame = face.crop_from_frame;
  WritePicture(CropPath(impl_->folder, record.id), face.crop);
  impl_->faces << ToJson(record).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
  if (!impl_->faces) {
    throw Error(impl_->target.string() + ": cannot be written", "Check the free space on the disk");
  }
}

void CropStoreWriter::AddFile(const SourceFile& file) {
  impl_->files << ToJson(file).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

void CropStoreWriter::Finish() {
  impl_->faces.close();
  impl_->files.close();
  if (!impl_->faces || !impl_->files) {
    throw Error(impl_->target.string() + ": cannot be written", "Check the free space on the disk");
  }
  WriteJson(impl_->folder / "store.json", {{"format_version", kFormatVersion},
                                           {"crop_size", impl_->info.crop_size},
                                           {"crop_scale", impl_->info.crop_scale},
                                           {"program_version", kVersion},
                                           {"faces", impl_->count}});
  std::error_code error;
  fs::rename(impl_->folder, impl_->target, error);  // replaces an empty folder
  if (error) {
    throw Error(impl_->target.string() + ": cannot be put in place (" + error.message() + ")");
  }
  impl_->finished = true;
}

Image CropStore::ReadCrop(const CropRecord& record) const {
  Image crop = ReadPicture(CropPath(path, record.id));
  if (crop.width != info.crop_size || crop.height != info.crop_size) {
    throw Error(CropPath(path, record.id).string() + ": is not of the size that the store states");
  }
  return crop;
}

std::vector<Point> CropStore::MeshInCrop(const CropRecord& record) const {
  std::vector<Point> mesh;
  mesh.reserve(record.face.mesh.size());
  for (const Point& p : record.face.mesh) mesh.push_back(record.crop_from_frame(p));
  return mesh;
}

CropStore OpenCropStore(const fs::path& folder) {
  const fs::path description = folder / "store.json";
  std::error_code error;
  if (!fs::exists(description, error)) {
    throw Error(folder.string() + ": is not a store of faces (it has no store.json)",
                "Make one with `unmask prepare FILES --out FOLDER`");
  }
  CropStore store{.path = folder,
                  .info = InfoFromJson(description, ReadJson(description)),
                  .files = {},
                  .records = {}};
  ForEachLine(folder / "files.jsonl",
              [&](const Json& json) { store.files.push_back(FileFromJson(json)); });
  ForEachLine(folder / "faces.jsonl",
              [&](const Json& json) { store.records.push_back(RecordFromJson(json)); });
  if (store.records.empty()) {
    throw Error(folder.string() + ": holds no face", "Make the store again with `unmask prepare`");
  }
  return store;
}

}  // namespace unmask
