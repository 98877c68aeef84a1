// Judges a video or picture with the C++ library.
//
//   judge_file clip.mp4 [model.onnx]
//
// In a project of your own: find_package(unmask) and target_link_libraries(… unmask::unmask).
#include <cstdio>

#include "unmask/base/error.h"
#include "unmask/detect/detector.h"

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: %s FILE [MODEL.onnx]\n", argv[0]);
    return 2;
  }
  try {
    unmask::DetectorOptions options;  // the defaults are those of `unmask detect`
    if (argc == 3) options.model = argv[2];
    unmask::Detector detector(options);  // loads the networks once; judge as many files as you like
    const unmask::Verdict verdict = detector.Judge(argv[1]);

    if (verdict.judgement == unmask::Judgement::kNoFace) {
      std::printf("%s: no face found\n", argv[1]);
      return 0;
    }
    std::printf("%s: %s, P(fake) = %.3f\n", argv[1], NameOf(verdict.judgement).data(),
                verdict.score);
    for (const unmask::TrackResult& track : verdict.tracks) {
      std::printf("  track %d, %.1f s to %.1f s: %.3f from %zu faces\n", track.id, track.start,
                  track.end, track.score, track.faces.size());
    }
    return 0;
  } catch (const unmask::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
