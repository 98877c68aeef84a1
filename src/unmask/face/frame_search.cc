#include "unmask/face/frame_search.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "unmask/base/error.h"

namespace unmask {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kDecodedAhead = 2;  // frames that wait to be chosen
constexpr int kAhead = 3;         // frames that wait behind those that are being searched
// Threads that search: more would hold more frames than memory is to be spent on.
constexpr int kMostSearchers = 8;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Choosing may wait so long for each further thread that searches: loading its network takes a
// good part of that.
constexpr double kPatience = 0.2;  // seconds

// Threads that search, if all do.
int MostSearchers(const FrameSource& source, const FaceDetectorOptions& options) {
  if (source.info().is_picture) return 1;
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return std::clamp(options.threads > 0 ? options.threads : cores, 1, kMostSearchers);
}

}  // namespace

FrameSearch::FrameSearch(FrameSource& source, FaceDetector& detector,
                         const FrameSamplerOptions& sampling, const FaceDetectorOptions& options,
                         const CancelToken* cancel)
    : source_(source),
      detector_(detector),
      sampling_(sampling),
      options_(options),
      cancel_(cancel),
      least_searchers_(std::max(1, MostSearchers(source, options) / 2)),
      most_searchers_(MostSearchers(source, options)),
      sampler_(source.info(), sampling),
      filter_(sampler_, sampling),
      decoded_(kDecodedAhead),
      tasks_(kAhead),
      results_(static_cast<size_t>(most_searchers_) + kAhead) {
  try {
    for (int i = 0; i < least_searchers_; ++i) AddSearcher();
    chooser_ = std::thread([this] { Choose(); });
    decoder_ = std::thread([this] { Decode(); });
  } catch (const std::system_error& e) {
    Stop();
    throw ResourceError(std::string("cannot start the threads that look for faces: ") + e.what(),
                        "Give fewer --jobs or --threads");
  } catch (...) {
    Stop();
    throw;
  }
}

FrameSearch::~FrameSearch() { Stop(); }

void FrameSearch::Stop() {
  decoded_.Close();
  results_.Close();
  tasks_.Close();
  if (decoder_.joinable()) decoder_.join();
  if (chooser_.joinable()) chooser_.join();
  for (std::thread& thread : searchers_) thread.join();
}

void FrameSearch::AddSearcher() {
  searchers_.emplace_back([this] { Search(); });
}

std::optional<ChosenFrame> FrameSearch::Next() {
  std::optional<std::future<ChosenFrame>> result = results_.Pop();
  if (!result) return std::nullopt;
  return result->get();
}

void FrameSearch::Decode() {
  std::exception_ptr failure;
  try {
    DecodeFrames();
  } catch (...) {
    failure = std::current_exception();
  }
  decoded_.Finish(failure);
}

void FrameSearch::DecodeFrames() {
  int64_t frames = 0;
  double seconds = 0, waited = 0;
  bool more = true;
  if (sampler_.interval() > 0) source_.AllowGaps(sampler_.interval());
  while (more) {
    if (cancel_ != nullptr) cancel_->Check();
    const auto start = Clock::now();
    ChosenFrame item;
    more = source_.Grab();
    if (!more) frames += source_.left_out_at_end();
    if (more) {
      frames = source_.index() + 1;
      item.index = source_.index();
      item.time = source_.time();
      if (sampler_.Due(item.time, item.index)) {
        item.frame = source_.Share();
        item.steady = sampler_.steady();
        item.candidate = sampler_.candidate();
      }
    }
    seconds += SecondsSince(start);
    if (more && !item.frame) continue;
    item.frames_decoded = frames;
    item.corrupt_frames = source_.corrupt_frames();
    item.other_videos = source_.other_videos();
    item.decode_seconds = seconds;
    item.decode_wait_seconds = waited;
    const auto ready = Clock::now();
    if (!decoded_.Push(std::move(item))) return;
    waited += SecondsSince(ready);
  }
}

void FrameSearch::Choose() {
  std::exception_ptr failure;
  try {
    ChooseFrames();
  } catch (...) {
    failure = std::current_exception();
  }
  decoded_.Close();
  tasks_.Finish();
  results_.Finish(failure);
}

void FrameSearch::ChooseFrames() {
  double seconds = 0, waited = 0;
  while (std::optional<ChosenFrame> item = decoded_.Pop()) {
    const auto start = Clock::now();
    item->searched =
        !item->frame || filter_.all() || filter_.Wanted(DetectorView(*item->frame), item->steady);
    seconds += SecondsSince(start);
    if (!item->searched && !item->candidate) continue;
    Task task{std::move(*item), {}};
    task.frame.detect_seconds = std::exchange(seconds, 0);
    if (!results_.Push(task.done.get_future())) return;
    const auto ready = Clock::now();
    if (!tasks_.Push(std::move(task))) return;
    waited += SecondsSince(ready);
    const auto searchers = static_cast<int>(searchers_.size());
    if (searchers < most_searchers_ && waited > kPatience * (searchers - least_searchers_ + 1)) {
      try {
        AddSearcher();
      } catch (const std::system_error&) {
        // It goes on with those that there are.
      }
    }
  }
}

void FrameSearch::Search() {
  while (std::optional<Task> task = tasks_.Pop()) {
    try {
      ChosenFrame& item = task->frame;
      if (item.frame && item.searched) {
        const auto start = Clock::now();
        item.detections = detector_.Detect(*item.frame, options_);
        item.detect_seconds += SecondsSince(start);
      }
      task->done.set_value(std::move(item));
    } catch (...) {
      task->done.set_exception(std::current_exception());
    }
  }
}

}  // namespace unmask
