#include "unmask/model/model_file.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "unmask/base/atomic_file.h"
#include "unmask/base/config.h"
#include "unmask/base/error.h"
#include "unmask/model/onnx_emitter.h"
#include "unmask/model/sha256.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr int kIrVersion = 8;  // what opset 17 came with
constexpr int kOpset = 17;
constexpr char kMetadataKey[] = "unmask";

[[noreturn]] void RefuseModel(const fs::path& path, const std::string& cause) {
  throw Error(path.string() + ": is not a model that can be read (" + cause + ")",
              "Expected is an ONNX file; fetch or export it again");
}

// The model as it lies in the file.
onnx::ModelProto ReadModel(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw Error(path.string() + ": no such file", "Give the path of an ONNX model");
  }
  if (!fs::is_regular_file(path, error)) {
    throw Error(path.string() + ": is not a file", "Give the path of an ONNX model");
  }
  if (fs::file_size(path, error) == 0) RefuseModel(path, "it is empty");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string() + ": cannot be opened", "Check its rights");
  onnx::ModelProto model;
  if (!model.ParseFromIstream(&file)) RefuseModel(path, "not ONNX, or damaged");
  if (!model.has_graph() || model.graph().node_size() == 0) RefuseModel(path, "no network in it");
  return model;
}

void AddMetadata(onnx::ModelProto& model, const ModelMetadata& metadata) {
  metadata.Validate();
  onnx::StringStringEntryProto& entry = *model.add_metadata_props();
  entry.set_key(kMetadataKey);
  entry.set_value(FormatJson(ToJson(metadata)));
}

void Save(const onnx::ModelProto& model, const fs::path& path) {
  AtomicFile target(path);
  std::ofstream file(target.temporary_path(), std::ios::binary);
  const bool written = model.SerializeToOstream(&file);
  file.close();
  if (!written || !file) {
    throw Error(path.string() + ": cannot be written", "Check the free space on the disk");
  }
  target.Commit();
}

}  // namespace

void WriteModel(const fs::path& path, const Graph& graph, const Weights& weights,
                const ModelMetadata& metadata, const ModelWriteOptions& options) {
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("unmask");
  model.set_producer_version(kVersion);
  model.add_opset_import()->set_version(kOpset);
  AddMetadata(model, metadata);
  *model.mutable_graph() = EmitOnnx(graph, weights, options.half_precision);
  Save(model, path);
}

void CopyModel(const fs::path& source, const fs::path& target, const ModelMetadata& metadata) {
  onnx::ModelProto model = ReadModel(source);
  auto& entries = *model.mutable_metadata_props();
  for (int i = entries.size() - 1; i >= 0; --i) {
    if (entries[i].key() == kMetadataKey) entries.DeleteSubrange(i, 1);
  }
  AddMetadata(model, metadata);
  Save(model, target);
}

ModelDescription DescribeModel(const fs::path& path) {
  const onnx::ModelProto model = ReadModel(path);
  ModelDescription description;
  for (const auto& input : model.graph().input()) description.inputs.push_back(input.name());
  for (const auto& output : model.graph().output()) description.outputs.push_back(output.name());
  for (const auto& entry : model.metadata_props()) {
    if (entry.key() != kMetadataKey) continue;
    try {
      description.metadata = ModelMetadataFromJson(Json::parse(entry.value()));
    } catch (const Error& e) {
      throw Error(path.string() + ": " + e.problem(), "Export the model again");
    } catch (const nlohmann::json::exception&) {
      RefuseModel(path, "its metadata are not JSON");
    }
  }
  description.sha256 = Sha256OfFile(path);
  return description;
}

}  // namespace unmask
