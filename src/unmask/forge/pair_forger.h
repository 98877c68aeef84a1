#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "unmask/forge/forge_dataset.h"

namespace unmask {

class FaceForger;

// Writes the videos of a data set, pair by pair. One for each thread.
class PairForger {
 public:
  // `kept`: see FindOrReadFaces(). The options name every family.
  PairForger(std::filesystem::path folder, const ForgeDatasetOptions& options,
             std::filesystem::path kept, const CancelToken* cancel);

  // Forges the two clips of a pair into each other, writes what is missing of both and of the real
  // ones, and calls `written` after each video.
  void Forge(const PlannedClip& a, const PlannedClip& b, const std::function<void()>& written);

 private:
  // Classes that lack a video of the target, and the qualities that lack it; "" is real.
  std::map<std::string, std::vector<std::string>> Missing(const PlannedClip& target) const;
  FaceClip Read(const PlannedClip& clip, ClipFrames& frames) const;
  void WriteVideos(const PlannedClip& target, ClipFrames& frames, const FaceClip& clip,
                   const FaceClip& source, const std::function<void()>& written) const;
  void WriteOne(const PlannedClip& target, const std::string& class_name,
                const std::vector<std::string>& qualities, ClipFrames& frames,
                FaceForger* forger) const;

  const std::filesystem::path folder_;
  const ForgeDatasetOptions& options_;
  const std::filesystem::path kept_;
  const CancelToken* cancel_;
  const std::shared_ptr<FaceNetworks> networks_;
};

}  // namespace unmask
