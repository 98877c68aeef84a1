#include "unmask/train/process_watch.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <list>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "unmask/base/json.h"

namespace unmask {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kLongestMessage = 65536;

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// Finds within half a minute that the machine at the other end is gone.
void KeepAlive(int fd) {
  const auto set = [fd](int level, int name, int value) {
    setsockopt(fd, level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 4);
}

// A connection, or an empty one.
Socket TryConnect(const std::string& address, int port) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return Socket();
  }
  Socket result;
  for (const addrinfo* a = found; a != nullptr && result.get() < 0; a = a->ai_next) {
    Socket socket(::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol));
    if (socket.get() >= 0 && connect(socket.get(), a->ai_addr, a->ai_addrlen) == 0) {
      result = std::move(socket);
    }
  }
  freeaddrinfo(found);
  return result;
}

}  // namespace

struct ProcessWatch::Impl {
  struct Peer {
    Socket socket;
    int rank = -1;  // not known before its first message
    bool left = false;
    std::string received;  // the beginning of a line
  };

  int rank = 0;
  Describe describe;
  Socket listener;  // of process 0
  Socket wake{eventfd(0, EFD_CLOEXEC)};
  std::list<Peer> peers;
  std::thread thread;
  std::atomic<bool> stopping{false};
  mutable std::mutex mutex;  // of the peers and of all below
  mutable std::condition_variable failed;
  std::optional<Error> failure;
  bool left = false;  // this process; what others do then is their affair
  Clock::time_point last_sign = Clock::now();

  static Json MessageOf(const Error& error) {
    return {{"kind", "failed"}, {"problem", error.problem()}, {"remedy", error.remedy()}};
  }

  // All below expect the mutex to be held.
  void Send(const Json& message) {
    const std::string line =
        message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    for (const Peer& peer : peers) {
      if (!peer.left) send(peer.socket.get(), line.data(), line.size(), MSG_NOSIGNAL);
    }
  }
  void Record(const Error& error) {
    if (failure) return;
    failure = error;
    if (rank == 0) Send(MessageOf(error));
    failed.notify_all();
  }
  void Handle(Peer& peer, const std::string& line) {
    const Json message = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!message.is_object()) return;
    const std::string kind = message.value("kind", "");
    if (kind == "hello") peer.rank = message.value("process", -1);
    if (peer.rank < 0) return;  // a stranger
    if (kind == "alive") last_sign = Clock::now();
    if (kind == "bye") peer.left = true;
    if (kind == "failed") {
      peer.left = true;
      Record(Error(message.value("problem", ""), message.value("remedy", "")));
    }
  }

  // Reads what a peer has to say. False at the end of its connection.
  bool Read(Peer& peer) {
    char buffer[4096];
    const ssize_t count = recv(peer.socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (count <= 0) return false;
    const std::lock_guard lock(mutex);
    peer.received.append(buffer, static_cast<size_t>(count));
    for (size_t end; (end = peer.received.find('\n')) != std::string::npos;) {
      const std::string line = peer.received.substr(0, end);
      peer.received.erase(0, end + 1);
      Handle(peer, line);
    }
    return peer.received.size() < kLongestMessage;
  }

  void Lost(const Peer& peer) {
    {
      const std::lock_guard lock(mutex);
      if (peer.left || peer.rank < 0 || left || stopping) return;
    }
    const std::string what = describe(peer.rank);  // may wait for the end of a local process
    const std::lock_guard lock(mutex);
    Record(Error(what, "See what that process said; continue with --resume"));
  }

  void Work() {
    while (!stopping) {
      std::vector<pollfd> watched = {{wake.get(), POLLIN, 0}, {listener.get(), POLLIN, 0}};
      for (const Peer& peer : peers) watched.push_back({peer.socket.get(), POLLIN, 0});
      if (poll(watched.data(), watched.size(), -1) < 0) continue;
      size_t i = 2;
      for (auto peer = peers.begin(); peer != peers.end(); ++i) {
        if (watched[i].revents == 0 || Read(*peer)) {
          ++peer;
          continue;
        }
        Lost(*peer);
        const std::lock_guard lock(mutex);
        peer = peers.erase(peer);
      }
      if (watched[1].revents != 0) {
        Socket socket(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        const std::lock_guard lock(mutex);
        if (socket.get() >= 0) Add(std::move(socket), -1);
      }
    }
  }
  void Add(Socket socket, int peer_rank) {
    KeepAlive(socket.get());
    peers.emplace_back();
    peers.back().socket = std::move(socket);
    peers.back().rank = peer_rank;
  }

  void Stop() {
    stopping = true;
    eventfd_write(wake.get(), 1);
    if (thread.joinable()) thread.join();
  }
};

ProcessWatch::ProcessWatch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->thread = std::thread([this] { impl_->Work(); });
}
ProcessWatch::~ProcessWatch() { impl_->Stop(); }

std::unique_ptr<ProcessWatch> ProcessWatch::Listen(Describe describe) {
  auto impl = std::make_unique<Impl>();
  impl->describe = std::move(describe);
  // Both kinds of addresses where the system has them.
  impl->listener = Socket(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  int status = -1;
  if (impl->listener.get() >= 0) {
    const int no = 0;
    setsockopt(impl->listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    sockaddr_in6 any = {};
    any.sin6_family = AF_INET6;
    status = bind(impl->listener.get(), reinterpret_cast<sockaddr*>(&any), sizeof any);
  }
  if (status != 0) {
    impl->listener = Socket(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in any = {};
    any.sin_family = AF_INET;
    status = bind(impl->listener.get(), reinterpret_cast<sockaddr*>(&any), sizeof any);
  }
  if (status != 0 || listen(impl->listener.get(), SOMAXCONN) != 0) {
    throw Error(std::string("cannot listen for the other processes: ") + std::strerror(errno));
  }
  return std::unique_ptr<ProcessWatch>(new ProcessWatch(std::move(impl)));
}

std::unique_ptr<ProcessWatch> ProcessWatch::Connect(const std::string& address, int port, int rank,
                                                    std::chrono::milliseconds patience,
                                                    Describe describe) {
  auto impl = std::make_unique<Impl>();
  impl->rank = rank;
  impl->describe = std::move(describe);
  const Clock::time_point deadline = Clock::now() + patience;
  Socket socket;
  while ((socket = TryConnect(address, port)).get() < 0) {
    if (Clock::now() > deadline) {
      throw Error("process 0 cannot be reached at " + address + ", port " + std::to_string(port),
                  "Let the machines reach each other on all ports");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  impl->Add(std::move(socket), 0);
  impl->Send({{"kind", "hello"}, {"process", rank}});
  return std::unique_ptr<ProcessWatch>(new ProcessWatch(std::move(impl)));
}

int ProcessWatch::port() const {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  getsockname(impl_->listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

std::optional<Error> ProcessWatch::failure() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->failure;
}

std::optional<Error> ProcessWatch::WaitForFailure(std::chrono::milliseconds patience) const {
  std::unique_lock lock(impl_->mutex);
  impl_->failed.wait_for(lock, patience, [&] { return impl_->failure.has_value(); });
  return impl_->failure;
}

Clock::time_point ProcessWatch::last_sign() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->last_sign;
}

void ProcessWatch::SayAlive() noexcept {
  const std::lock_guard lock(impl_->mutex);
  impl_->Send({{"kind", "alive"}});
}

bool ProcessWatch::Fail(const Error& error) noexcept {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->failure) return false;
  impl_->failure = error;
  impl_->Send(Impl::MessageOf(error));
  return true;
}

void ProcessWatch::Leave() noexcept {
  const std::lock_guard lock(impl_->mutex);
  impl_->left = true;
  impl_->Send({{"kind", "bye"}});
}

}  // namespace unmask
