#include "unmask/infer/session.h"

#include <algorithm>
#include <exception>
#include <fstream>
#include <map>
#include <openvino/frontend/manager.hpp>
#include <openvino/openvino.hpp>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/log.h"
#include "unmask/base/paths.h"
#include "unmask/infer/blob_cache.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

// One per process: it owns the plugins, whose loading is what takes time.
ov::Core& Core() {
  static ov::Core core;
  return core;
}

// OpenVINO's messages carry source lines and stack-like prefixes; the last line names the cause.
std::string CauseOf(const std::exception& e) {
  std::istringstream stream(e.what());
  std::string line, last;
  while (std::getline(stream, line)) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  }
  return last.substr(0, 300);
}

void CheckFile(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw Error(path.string() + ": no such file",
                "Give the path of an ONNX or TFLite network, or run ./setup if it is one of ours.");
  }
  if (!fs::is_regular_file(path, error)) {
    throw Error(path.string() + ": is not a file", "Give the path of an ONNX or TFLite network.");
  }
  if (fs::file_size(path, error) == 0) {
    throw Error(path.string() + ": the file is empty", "Fetch or export the network again.");
  }
}

// The kind of network by its contents. The front end is chosen here: left to itself OpenVINO asks
// every one it has, and some of them print.
std::string FrameworkOf(const fs::path& path) {
  char head[8] = {};
  std::ifstream(path, std::ios::binary).read(head, sizeof head);
  return std::string_view(head + 4, 4) == "TFL3" ? "tflite" : "onnx";
}

// `name` as the network states it; OpenVINO may know an output by several names or by none.
template <typename Port>
std::string NameOf(const Port& port, size_t index) {
  const auto& names = port.get_names();
  if (names.empty()) return std::to_string(index);
  return *std::min_element(names.begin(), names.end());
}

std::vector<int64_t> ShapeOf(const ov::PartialShape& shape) {
  if (shape.rank().is_dynamic()) return {};
  std::vector<int64_t> result;
  for (const ov::Dimension& d : shape) result.push_back(d.is_static() ? d.get_length() : -1);
  return result;
}

std::string TextOf(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t d : shape) {
    text += (text.empty() ? "" : "×") + (d < 0 ? std::string("?") : std::to_string(d));
  }
  return "[" + text + "]";
}

// Floats in and out whatever the network stores; the batch fixed where asked for.
std::shared_ptr<ov::Model> ReadNetwork(const fs::path& path, int64_t batch) {
  std::shared_ptr<ov::Model> model;
  try {
    const auto frontend = ov::frontend::FrontEndManager().load_by_framework(FrameworkOf(path));
    model = frontend->convert(frontend->load(path.string()));
  } catch (const std::exception& e) {
    throw Error(path.string() + ": is not a network that can be read (" + CauseOf(e) + ")",
                "Expected is an ONNX or TFLite file; fetch or export it again.");
  }
  try {
    if (batch > 0) {
      std::map<ov::Output<ov::Node>, ov::PartialShape> shapes;
      for (const auto& input : model->inputs()) {
        ov::PartialShape shape = input.get_partial_shape();
        if (shape.rank().is_static() && shape.size() > 0) shape[0] = batch;
        shapes[input] = shape;
      }
      model->reshape(shapes);
    }
    ov::preprocess::PrePostProcessor convert(model);
    for (size_t i = 0; i < model->inputs().size(); ++i) {
      convert.input(i).tensor().set_element_type(ov::element::f32);
    }
    for (size_t i = 0; i < model->outputs().size(); ++i) {
      convert.output(i).tensor().set_element_type(ov::element::f32);
    }
    return convert.build();
  } catch (const std::exception& e) {
    throw Error(path.string() + ": cannot be prepared for float input" +
                    (batch > 0 ? " in batches of " + std::to_string(batch) : "") + " (" +
                    CauseOf(e) + ")",
                "The network must take and give numbers, with the batch as first dimension.");
  }
}

ov::AnyMap Properties(const SessionOptions& options) {
  const bool bfloat16 = options.precision != Precision::kFloat && CpuHasBfloat16();
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return {ov::inference_num_threads(options.threads > 0 ? options.threads : cores),
          ov::hint::inference_precision(bfloat16 ? ov::element::bf16 : ov::element::f32),
          ov::num_streams(1),
          // Several sessions run side by side: pinned threads would meet on the same cores.
          ov::hint::enable_cpu_pinning(false)};
}

// Whatever changes the compiled network. The name of the file does not.
std::string CacheKey(const fs::path& path, const SessionOptions& options) {
  std::ostringstream key;
  key << HashOfFile(path) << " batch " << options.batch << " openvino "
      << ov::get_openvino_version().buildNumber << " cpu "
      << Core().get_property("CPU", ov::device::full_name);
  for (const auto& [name, value] : Properties(options)) {
    key << ' ' << name << '=' << value.as<std::string>();
  }
  return key.str();
}

ov::CompiledModel Compile(const fs::path& path, const SessionOptions& options) {
  const ov::AnyMap properties = Properties(options);
  const fs::path folder = options.use_cache ? CacheFolder() : fs::path();
  const BlobCache cache(folder.empty() ? folder : folder / "networks");
  const std::string key = folder.empty() ? "" : CacheKey(path, options);
  if (std::optional<std::string> blob = cache.Load(key)) {
    try {
      std::istringstream stream(std::move(*blob));
      return Core().import_model(stream, "CPU", properties);
    } catch (const std::exception& e) {
      Log(LogLevel::kDebug, "compiled network not reused: " + CauseOf(e));
    }
  }
  const std::shared_ptr<ov::Model> model = ReadNetwork(path, options.batch);
  ov::CompiledModel compiled;
  try {
    compiled = Core().compile_model(model, "CPU", properties);
  } catch (const std::exception& e) {
    const std::string cause = CauseOf(e), problem = ": cannot be compiled (" + cause + ")";
    if (cause.find("Resource temporarily unavailable") != std::string::npos) {
      throw ResourceError(path.string() + problem, "Give fewer --jobs or --threads");
    }
    throw Error(path.string() + problem, "It may use an operation that OpenVINO does not have.");
  }
  if (folder.empty()) return compiled;
  try {
    std::ostringstream stream;
    compiled.export_model(stream);
    cache.Store(key, stream.view());
  } catch (const std::exception& e) {
    Log(LogLevel::kDebug, "compiled network not kept: " + CauseOf(e));
  }
  return compiled;
}

}  // namespace

struct Session::Impl {
  fs::path path;
  ov::CompiledModel compiled;
  ov::InferRequest request;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::vector<TensorView> views;

  void CheckShape(std::span<const float> values, const std::vector<int64_t>& shape) const;
  void Run(std::span<const float> values, const ov::Shape& shape);
};

Session::Session(const fs::path& path, const SessionOptions& options)
    : impl_(std::make_unique<Impl>()) {
  CheckFile(path);
  if (options.threads < 0 || options.batch < 0) {
    throw Error("session: threads and batch must be at least 0");
  }
  impl_->path = path;
  impl_->compiled = Compile(path, options);
  impl_->request = impl_->compiled.create_infer_request();
  for (size_t i = 0; i < impl_->compiled.inputs().size(); ++i) {
    const auto& port = impl_->compiled.inputs()[i];
    impl_->inputs.push_back({NameOf(port, i), ShapeOf(port.get_partial_shape())});
  }
  for (size_t i = 0; i < impl_->compiled.outputs().size(); ++i) {
    const auto& port = impl_->compiled.outputs()[i];
    impl_->outputs.push_back({NameOf(port, i), ShapeOf(port.get_partial_shape())});
  }
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

const std::vector<TensorInfo>& Session::inputs() const { return impl_->inputs; }
const std::vector<TensorInfo>& Session::outputs() const { return impl_->outputs; }

void Session::Impl::CheckShape(std::span<const float> values,
                               const std::vector<int64_t>& shape) const {
  if (inputs.size() != 1) {
    throw Error(path.string() + ": has " + std::to_string(inputs.size()) + " inputs, not one",
                "Only networks with a single input can be run.");
  }
  const std::vector<int64_t>& want = inputs[0].shape;
  bool fits = want.size() == shape.size() || want.empty();
  int64_t count = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    fits = fits && shape[i] > 0 && (want.empty() || want[i] < 0 || want[i] == shape[i]);
    count *= shape[i];
  }
  if (!fits) {
    throw Error(path.string() + ": input of shape " + TextOf(shape) + " where " + TextOf(want) +
                    " is expected",
                "Check the input size and the channel order stated for the model.");
  }
  if (count != static_cast<int64_t>(values.size())) {
    throw Error(path.string() + ": " + std::to_string(values.size()) +
                " values given for an input of shape " + TextOf(shape));
  }
}

namespace {

// OpenVINO only reads from an input tensor, though it takes a plain pointer.
ov::Tensor InputView(std::span<const float> values, const ov::Shape& shape) {
  return ov::Tensor(ov::element::f32, shape, const_cast<float*>(values.data()));
}

std::vector<int64_t> ShapeOf(const ov::Tensor& tensor) {
  const ov::Shape& shape = tensor.get_shape();
  return {shape.begin(), shape.end()};
}

}  // namespace

void Session::Impl::Run(std::span<const float> values, const ov::Shape& shape) {
  request.set_input_tensor(InputView(values, shape));
  request.infer();
  views.clear();
  for (size_t i = 0; i < outputs.size(); ++i) {
    const ov::Tensor tensor = request.get_output_tensor(i);
    views.push_back(
        {outputs[i].name, ShapeOf(tensor), {tensor.data<const float>(), tensor.get_size()}});
  }
}

const std::vector<TensorView>& Session::Run(std::span<const float> values,
                                            const std::vector<int64_t>& shape) {
  impl_->CheckShape(values, shape);
  try {
    impl_->Run(values, ov::Shape(shape.begin(), shape.end()));
  } catch (const std::exception& e) {
    throw Error(impl_->path.string() + ": running the network failed (" + CauseOf(e) + ")");
  }
  return impl_->views;
}

const TensorView& Session::output(const std::string& name) const {
  std::string known;
  for (size_t i = 0; i < impl_->views.size(); ++i) {
    if (impl_->compiled.outputs()[i].get_names().count(name) > 0) return impl_->views[i];
    known += (known.empty() ? "" : ", ") + impl_->views[i].name;
  }
  throw Error(impl_->path.string() + ": has no output called '" + name + "'",
              known.empty() ? "Run the network first." : "Its outputs are: " + known + ".");
}

Precision Session::precision() const {
  return impl_->compiled.get_property(ov::hint::inference_precision) == ov::element::bf16
             ? Precision::kBfloat16
             : Precision::kFloat;
}

bool CpuHasBfloat16() {
  static const bool has = [] {
    const auto names = Core().get_property("CPU", ov::device::capabilities);
    return std::find(names.begin(), names.end(), ov::device::capability::BF16) != names.end();
  }();
  return has;
}

}  // namespace unmask
