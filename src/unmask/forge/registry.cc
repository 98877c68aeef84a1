#include "unmask/forge/registry.h"

#include <string>
#include <vector>

#include "unmask/base/text.h"

namespace unmask {
namespace {

RealAndFake ForgeSelfBlend(const Image& crop, std::span<const Point> mesh, bool change_target,
                           Random& random) {
  return SelfBlend(crop, mesh, {.change_target = change_target}, random);
}

constexpr Forgery kForgeries[] = {
    {"self-blend", "the face blended with a slightly changed copy of itself", ForgeSelfBlend},
};

}  // namespace

std::span<const Forgery> Forgeries() { return kForgeries; }

const Forgery& FindForgery(std::string_view name) {
  std::vector<std::string> known;
  for (const Forgery& forgery : kForgeries) {
    if (forgery.name == name) return forgery;
    known.emplace_back(forgery.name);
  }
  ThrowUnknownName("forgery", name, known);
}

}  // namespace unmask
