#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "unmask/base/bounded_queue.h"
#include "unmask/base/cancel.h"
#include "unmask/face/detector.h"
#include "unmask/face/frame_sampler.h"
#include "unmask/media/frame.h"
#include "unmask/media/frame_source.h"

namespace unmask {

// A frame that was chosen, or nothing but the counters at the end of the media.
struct ChosenFrame {
  int64_t index = 0;
  double time = 0;
  bool steady = true;     // see FrameSampler
  bool candidate = true;  // its faces may be judged
  // Whether `detections` are known. If not, next to nothing has moved since the last frame where
  // they are.
  bool searched = true;
  std::unique_ptr<Frame> frame;
  std::vector<Detection> detections;
  // So far.
  int64_t frames_decoded = 0;
  int64_t corrupt_frames = 0;
  int other_videos = 0;  // of the file, that are not looked at
  double decode_seconds = 0;
  double decode_wait_seconds = 0;  // for room in the queues
  // For this frame, and for the views of those before it in which nothing moved.
  double detect_seconds = 0;
};

// The first stages of the pipeline, ahead of who asks: a thread decodes, another chooses frames,
// and others search them for faces, more of them where decoding is faster. What comes out, and in
// what order, does not depend on their number.
class FrameSearch {
 public:
  // `source`, `detector` and `cancel` must outlive the search; it alone uses the source.
  FrameSearch(FrameSource& source, FaceDetector& detector, const FrameSamplerOptions& sampling,
              const FaceDetectorOptions& options, const CancelToken* cancel);
  ~FrameSearch();
  FrameSearch(const FrameSearch&) = delete;
  FrameSearch& operator=(const FrameSearch&) = delete;

  // The next frame; nothing at the end. Errors come out behind what was decoded before them.
  std::optional<ChosenFrame> Next();

 private:
  struct Task {
    ChosenFrame frame;
    std::promise<ChosenFrame> done;
  };

  void Decode();
  void DecodeFrames();
  void Choose();
  void ChooseFrames();
  void AddSearcher();
  void Search();
  void Stop();

  FrameSource& source_;
  FaceDetector& detector_;
  const FrameSamplerOptions sampling_;
  const FaceDetectorOptions options_;
  const CancelToken* cancel_;
  const int least_searchers_, most_searchers_;
  FrameSampler sampler_;               // the decoder's
  MovementFilter filter_;              // the chooser's
  BoundedQueue<ChosenFrame> decoded_;  // those that are due
  BoundedQueue<Task> tasks_;
  BoundedQueue<std::future<ChosenFrame>> results_;  // in order
  std::vector<std::thread> searchers_;              // the chooser's, while it runs
  std::thread chooser_, decoder_;
};

}  // namespace unmask
