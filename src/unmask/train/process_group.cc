#include "unmask/train/process_group.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "unmask/base/text.h"
#include "unmask/train/process_watch.h"

namespace unmask {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Store = c10::intrusive_ptr<c10d::TCPStore>;
using Gloo = c10::intrusive_ptr<c10d::ProcessGroupGloo>;

// How often a waiting process looks whether the others still live.
constexpr milliseconds kGlance{100};
// Gloo's own bound for an operation. It must lie beyond Options::longest_wait, which has a message.
constexpr std::chrono::hours kGloosBound{24 * 365};
// How long to wait for process 0 to listen before looking whether to go on.
constexpr milliseconds kCall{3000};
// How long after a broken connection the watch may take to say who was lost.
constexpr milliseconds kExplanation{5000};
// Large enough that the number of messages does not matter, small enough to need little memory.
constexpr int64_t kBucketBytes = 32 << 20;

// LibTorch's messages go on with a backtrace.
std::string FirstLine(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "an unknown machine";
}

std::string Text(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }
std::vector<uint8_t> Bytes(const std::string& text) { return {text.begin(), text.end()}; }

// One dimension, in an order that does not depend on how the tensor lies in memory; without a copy
// where it is channels last.
at::Tensor Flat(const at::Tensor& tensor) {
  return (tensor.dim() == 4 ? tensor.permute({0, 2, 3, 1}) : tensor).reshape(-1);
}

Store Open(const ProcessPlace& place, const ProcessGroup::Options& options) {
  c10d::TCPStoreOptions how;
  how.port = static_cast<uint16_t>(place.port);
  how.isServer = place.rank == 0;
  how.waitWorkers = false;
  const Clock::time_point deadline = Clock::now() + options.patience;
  how.timeout = std::min<milliseconds>(kCall, options.patience);
  while (true) {
    const Clock::time_point start = Clock::now();
    try {
      auto store = c10::make_intrusive<c10d::TCPStore>(place.address, how);
      store->setTimeout(options.patience);
      return store;
    } catch (const std::exception&) {
      if (options.check) options.check();
      // Nobody there yet; what fails at once fails for another reason.
      if (Clock::now() - start >= how.timeout && Clock::now() < deadline) continue;
    }
    const std::string where = place.address + ", port " + std::to_string(place.port);
    if (place.rank == 0) {
      throw Error("process 0 cannot listen at " + where + " (MASTER_ADDR, MASTER_PORT)",
                  "Choose a free port, the same for all processes; under torchrun, "
                  "TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 frees it");
    }
    throw Error("process 0 cannot be reached at " + where + " (MASTER_ADDR, MASTER_PORT)",
                "Check that it runs and that the machines reach each other");
  }
}

std::shared_ptr<gloo::transport::Device> DeviceOf(const ProcessPlace& place) {
  if (const char* interface = getenv("GLOO_SOCKET_IFNAME"); interface && *interface) {
    return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
  }
  if (place.address == "127.0.0.1" || place.address == "localhost") {
    return c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1");
  }
  return c10d::ProcessGroupGloo::createDefaultDevice();
}

}  // namespace

struct ProcessGroup::Impl {
  ProcessPlace place;
  Options options;
  Store store;
  std::vector<std::string> names;
  std::unique_ptr<ProcessWatch> watch;  // uses the names
  Gloo gloo;
  Clock::time_point said;  // SayAlive()

  void Check() const {
    if (options.check) options.check();
    if (!watch) return;
    if (const std::optional<Error> failure = watch->failure()) throw *failure;
  }

  // Waits until every process has announced itself.
  void Meet() {
    const std::string own = std::to_string(place.rank);
    store->set("name" + own, Bytes("pid " + std::to_string(getpid()) + " on " + HostName()));
    const Clock::time_point deadline = Clock::now() + options.patience;
    for (int rank = 0; rank < place.size; ++rank) {
      while (!store->check({"name" + std::to_string(rank)})) {
        Check();
        if (Clock::now() > deadline) ThrowMissing();
        std::this_thread::sleep_for(kGlance);
      }
      names.push_back("process " + std::to_string(rank) + " (" +
                      Text(store->get("name" + std::to_string(rank))) + ")");
    }
  }
  [[noreturn]] void ThrowMissing() {
    std::vector<std::string> missing;
    for (int rank = 0; rank < place.size; ++rank) {
      if (!store->check({"name" + std::to_string(rank)})) missing.push_back(std::to_string(rank));
    }
    throw Error("of " + std::to_string(place.size) + " processes, these did not come within " +
                    std::to_string(options.patience.count()) + " s: " + Join(missing, ", "),
                "Start all with the same WORLD_SIZE, MASTER_ADDR and MASTER_PORT");
  }

  void Watch() {
    const auto describe = [this](int rank) {
      const std::string how = options.how_it_ended ? options.how_it_ended(rank) : "";
      return names.at(static_cast<size_t>(rank)) + " " +
             (how.empty() ? "is lost: it was killed, or its machine is gone" : how);
    };
    if (place.rank == 0) {
      watch = ProcessWatch::Listen(describe);
      store->set("watch", Bytes(std::to_string(watch->port())));
    } else {
      const int port = std::stoi(Text(store->get("watch")));
      watch = ProcessWatch::Connect(place.address, port, place.rank, options.patience, describe);
    }
    // A process may be lost before it could connect; from here on it is noticed.
    store->add("watched", 1);
    while (store->add("watched", 0) < place.size) {
      Check();
      std::this_thread::sleep_for(milliseconds(10));
    }
  }

  // Gloo's constructor waits for the others without looking whether they live; so it has a thread.
  void Connect() {
    auto promise = std::make_shared<std::promise<Gloo>>();
    std::future<Gloo> result = promise->get_future();
    std::thread([promise, store = store, place = place] {
      try {
        const auto how = c10d::ProcessGroupGloo::Options::create(kGloosBound);
        how->devices.push_back(DeviceOf(place));
        how->threads = 1;
        promise->set_value(
            c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.size, how));
      } catch (...) {
        promise->set_exception(std::current_exception());
      }
    }).detach();
    while (result.wait_for(kGlance) != std::future_status::ready) Check();
    gloo = result.get();
  }

  void Wait(const c10::intrusive_ptr<c10d::Work>& work) {
    const Clock::time_point start = Clock::now();
    while (true) {
      try {
        work->wait(kGlance);
        return;
      } catch (const std::exception& e) {
        if (!work->isCompleted()) {  // a glance, no failure
          if (const std::optional<Error> failure = watch->failure()) throw *failure;
          if (Clock::now() - std::max(start, watch->last_sign()) > options.longest_wait)
            ThrowHangs();
          continue;
        }
        if (work->isSuccess()) return;  // just behind the glance
        if (const auto failure = watch->WaitForFailure(kExplanation)) throw *failure;
        throw Error("the connection to another process broke: " + FirstLine(e),
                    "Continue with --resume");
      }
    }
  }

  [[noreturn]] void ThrowHangs() const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.longest_wait);
    throw Error("another process hangs: it is there, but did not take part for " +
                    std::to_string(seconds.count()) + " s",
                "See what each does; end those that are left and continue with --resume");
  }

  void SumBucket(const std::vector<at::Tensor>& tensors) {
    std::vector<at::Tensor> flat;
    for (const at::Tensor& tensor : tensors) flat.push_back(Flat(tensor));
    std::vector<at::Tensor> joined = {at::cat(flat).to(at::kCPU)};
    Wait(gloo->allreduce(joined));
    int64_t begin = 0;
    for (const at::Tensor& tensor : tensors) {
      at::Tensor view = tensor.dim() == 4 ? tensor.permute({0, 2, 3, 1}) : tensor;
      view.copy_(joined[0].narrow(0, begin, tensor.numel()).view(view.sizes()));
      begin += tensor.numel();
    }
  }
};

ProcessGroup::ProcessGroup() = default;

ProcessGroup::ProcessGroup(const ProcessPlace& place, const Options& options) : place_(place) {
  if (place.size == 1) return;
  impl_ = std::make_unique<Impl>();
  impl_->place = place;
  impl_->options = options;
  try {
    impl_->store = Open(place, options);
    if (options.launch) options.launch(impl_->store->getPort());
    impl_->Meet();
    impl_->Watch();
    impl_->Connect();
  } catch (const Cancelled& e) {
    Fail(e);
    throw;
  } catch (const Error& e) {
    throw Fail(e);
  } catch (const std::exception& e) {  // of c10d: the store's process is gone
    if (impl_->watch) {
      if (const auto failure = impl_->watch->WaitForFailure(kExplanation)) throw *failure;
    }
    throw Error("the processes could not join: " + FirstLine(e),
                "See what the other processes said");
  }
  impl_->options.check = nullptr;  // from here on the watch knows
}

ProcessGroup::~ProcessGroup() {
  if (!impl_) return;
  if (impl_->watch && !impl_->watch->failure()) {
    impl_->watch->Leave();
    return;
  }
  // Gloo's destructor would wait for an operation that never ends.
  impl_->gloo.release();
}

void ProcessGroup::Sum(const std::vector<at::Tensor>& tensors) {
  if (!impl_) return;
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> bucket;
  int64_t bytes = 0;
  for (const at::Tensor& tensor : tensors) {
    if (!bucket.empty() && (bytes + static_cast<int64_t>(tensor.nbytes()) > kBucketBytes ||
                            tensor.scalar_type() != bucket.back().scalar_type())) {
      impl_->SumBucket(bucket);
      bucket.clear();
      bytes = 0;
    }
    bucket.push_back(tensor);
    bytes += static_cast<int64_t>(tensor.nbytes());
  }
  if (!bucket.empty()) impl_->SumBucket(bucket);
}

bool ProcessGroup::Any(bool value) {
  if (!impl_) return value;
  const at::Tensor sum = at::full({1}, value ? 1 : 0, at::kLong);
  Sum({sum});
  return sum.item<int64_t>() > 0;
}

std::string ProcessGroup::Broadcast(const std::string& bytes) {
  if (!impl_) return bytes;
  std::vector<at::Tensor> size = {at::full({1}, static_cast<int64_t>(bytes.size()), at::kLong)};
  impl_->Wait(impl_->gloo->broadcast(size));
  std::vector<at::Tensor> data = {at::zeros({size[0].item<int64_t>()}, at::kByte)};
  if (data[0].numel() == 0) return {};
  auto* begin = reinterpret_cast<char*>(data[0].data_ptr<uint8_t>());
  if (rank() == 0) std::memcpy(begin, bytes.data(), bytes.size());
  impl_->Wait(impl_->gloo->broadcast(data));
  return {begin, static_cast<size_t>(data[0].numel())};
}

void ProcessGroup::RequireSame(const Json& object) {
  if (!impl_) return;
  const Json first = Json::parse(Broadcast(object.dump()));
  if (const std::string key = DifferingKey(first, object); !key.empty()) {
    throw Error(impl_->names[static_cast<size_t>(rank())] + " has " + key + " = " +
                    object.value(key, Json()).dump() + ", process 0 has " +
                    first.value(key, Json()).dump(),
                "Start all processes with the same options, stores and program");
  }
  Any(false);  // waits: where one differs, its message comes instead
}

void ProcessGroup::SayAlive() noexcept {
  if (!impl_) return;
  const Clock::time_point now = Clock::now();
  if (now - impl_->said < impl_->options.longest_wait / 10) return;
  impl_->said = now;
  impl_->watch->SayAlive();
}

Error ProcessGroup::Fail(const Error& error) noexcept {
  if (!impl_ || !impl_->watch) return error;
  const bool first = impl_->watch->Fail(
      Error(impl_->names[static_cast<size_t>(rank())] + ": " + error.problem(), error.remedy()));
  return first ? error : impl_->watch->failure().value_or(error);
}

}  // namespace unmask
