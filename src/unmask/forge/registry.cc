#include "unmask/forge/registry.h"

#include <string>
#include <vector>

#include "unmask/base/text.h"
#include "unmask/forge/face_forgeries.h"

namespace unmask {
namespace {

constexpr Forgery kForgeries[] = {
    {"self-blend", "the face blended with a slightly changed copy of itself", false, SelfBlend},
    {"cross-blend", "the face of another person alike in pose, colours matched, blended in", true,
     CrossBlend},
    {"warp", "mouth, brows, lids or nose moved a little, as reenactment does", false, LocalWarp},
    {"resample", "traces of up-sampling and of a wrong spectrum, as generators leave them", false,
     Resample},
    {"reconstruct", "the face as a small autoencoder gives it back", false, Reconstruct,
     InstalledAutoencoders},
};

}  // namespace

std::span<const Forgery> Forgeries() { return kForgeries; }

const Forgery& FindForgery(std::string_view name, std::span<const Forgery> table) {
  std::vector<std::string> known;
  for (const Forgery& forgery : table) {
    if (forgery.name == name) return forgery;
    known.emplace_back(forgery.name);
  }
  ThrowUnknownName("forgery", name, known);
}

}  // namespace unmask
