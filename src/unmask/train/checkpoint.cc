#include "unmask/train/checkpoint.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/serialize.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"

namespace unmask {
namespace {

using TensorDictionary = c10::Dict<std::string, at::Tensor>;

// Every tensor of the run, by names of their own.
NamedTensors TensorsOf(const TrainState& state) {
  NamedTensors tensors = state.classifier.Tensors();
  for (const auto& [name, tensor] : state.classifier.loss().state()) {
    tensors["loss." + name] = tensor;
  }
  if (state.average != nullptr) {
    for (const auto& [name, tensor] : state.average->averages()) {
      tensors["average." + name] = tensor;
    }
    tensors["average updates"] = state.average->updates();
  }
  return tensors;
}

// Throws Error naming the first option in which the two differ.
void CheckRecipe(const std::filesystem::path& path, const Json& saved, const Json& recipe) {
  constexpr char kBest[] = "select_best";  // first, as it brings other keys with it
  const bool as_before = saved.value(kBest, false) == recipe.value(kBest, false);
  const std::string key = as_before ? DifferingKey(saved, recipe) : kBest;
  if (key.empty()) return;
  throw Error(path.string() + ": was made with " + key + " = " + saved.value(key, Json()).dump() +
                  ", not " + recipe.value(key, Json()).dump(),
              "Resume with the options of the run, or begin a new one in another folder");
}

}  // namespace

void SaveCheckpoint(const std::filesystem::path& path, const TrainState& state, int64_t steps,
                    const Json& recipe) {
  AtomicFile file(path);
  torch::serialize::OutputArchive archive, optimizer;
  TensorDictionary tensors;
  for (const auto& [name, tensor] : TensorsOf(state)) tensors.insert(name, tensor.detach());
  archive.write("tensors", c10::IValue(tensors));
  state.optimizer.Save(optimizer);
  archive.write("optimizer", optimizer);
  archive.write("steps", c10::IValue(steps));
  archive.write("schedule", c10::IValue(state.schedule.state().dump()));
  archive.write("recipe", c10::IValue(recipe.dump()));
  // LibTorch's own writer ends the program when the disk is full: it throws in a destructor. So it
  // is told that all went well, and asked of the stream afterwards is whether it did.
  std::ofstream stream(file.temporary_path(), std::ios::binary);
  archive.save_to([&stream](const void* data, size_t size) {
    stream.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
    return size;
  });
  stream.close();
  if (!stream) {
    throw Error("cannot write " + path.string() + ": " + std::strerror(errno),
                "Check the free space and the permissions");
  }
  file.Commit();
}

std::string ReadCheckpoint(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) {
    throw Error(path.string() + ": does not exist", "Leave out --resume to begin this run");
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file) throw Error(path.string() + ": cannot be read", "Check the permissions");
  return std::move(bytes).str();
}

int64_t RestoreCheckpoint(const std::filesystem::path& path, const std::string& bytes,
                          const TrainState& state, const Json& recipe) {
  const std::string remedy = "Begin a new run in another folder";
  try {
    torch::serialize::InputArchive archive, optimizer;
    archive.load_from(bytes.data(), bytes.size(), state.classifier.device());
    c10::IValue saved, steps, tensors, schedule;
    archive.read("recipe", saved);
    CheckRecipe(path, Json::parse(saved.toStringRef()), recipe);
    archive.read("steps", steps);
    archive.read("optimizer", optimizer);
    archive.read("tensors", tensors);
    const c10::impl::GenericDict stored = tensors.toGenericDict();
    const at::NoGradGuard no_grad;
    for (auto& [name, tensor] : TensorsOf(state)) tensor.copy_(stored.at(name).toTensor());
    state.optimizer.Load(optimizer);
    archive.read("schedule", schedule);
    state.schedule.Restore(Json::parse(schedule.toStringRef()));
    return steps.toInt();
  } catch (const c10::Error& e) {
    throw Error(path.string() + ": is not a whole checkpoint (" + e.what_without_backtrace() + ")",
                remedy);
  } catch (const nlohmann::json::exception& e) {
    throw Error(path.string() + ": is not a whole checkpoint (" + e.what() + ")", remedy);
  } catch (const std::out_of_range& e) {
    throw Error(path.string() + ": lacks a tensor of this network", remedy);
  }
}

}  // namespace unmask
