// Judges a file with an installed Unmask; prints the verdict and where the networks came from.
#include <unmask/base/error.h>
#include <unmask/base/paths.h>
#include <unmask/detect/detector.h>

#include <cstdio>

int main(int argc, char** argv) {
  try {
    unmask::Detector detector({.model = argc > 2 ? argv[2] : ""});
    const unmask::Verdict verdict = detector.Judge(argv[1]);
    std::printf("%s %zu tracks\n", NameOf(verdict.judgement).data(), verdict.tracks.size());
    std::printf("%s\n", unmask::FindAsset("networks").c_str());
    return 0;
  } catch (const unmask::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
