// Counts the faces of a picture with an installed Unmask; prints where its networks came from.
#include <unmask/base/error.h>
#include <unmask/base/paths.h>
#include <unmask/face/detector.h>
#include <unmask/media/picture.h>

#include <cstdio>

int main(int, char** argv) {
  try {
    unmask::FaceDetector detector;
    const auto faces = detector.Detect(unmask::ReadPicture(argv[1]));
    std::printf("%zu faces\n%s\n", faces.size(), unmask::FindAsset("networks").c_str());
    return 0;
  } catch (const unmask::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
