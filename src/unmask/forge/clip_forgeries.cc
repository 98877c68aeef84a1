#include "unmask/forge/clip_forgeries.h"

#include <string>
#include <vector>

#include "unmask/base/text.h"

namespace unmask {
namespace {

constexpr ClipForgery kForgeries[] = {
    {"autoencoder-swap", "Deepfakes",
     "another person's inner face, colours matched, through a picture of low resolution",
     MakeAutoencoderSwap},
    {"graphics-swap", "FaceSwap",
     "another person's face laid on triangle by triangle, each frame for itself", MakeGraphicsSwap},
    {"reenactment", "Face2Face", "the own face with another clip's expressions", MakeReenactment},
    {"mouth-texture", "NeuralTextures", "only the mouth made anew, with another clip's movements",
     MakeMouthTexture},
};

}  // namespace

std::span<const ClipForgery> ClipForgeries() { return kForgeries; }

const ClipForgery& FindClipForgery(std::string_view name) {
  std::vector<std::string> known;
  for (const ClipForgery& forgery : kForgeries) {
    if (forgery.name == name || forgery.class_name == name) return forgery;
    known.emplace_back(forgery.class_name);
  }
  ThrowUnknownName("family", name, known);
}

}  // namespace unmask
