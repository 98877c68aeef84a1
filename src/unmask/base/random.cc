#include "unmask/base/random.h"

#include <cmath>
#include <numbers>

namespace unmask {

uint64_t DeriveSeed(uint64_t seed, std::string_view name, uint64_t index) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  uint64_t z = seed ^ hash ^ (index * 0x9e3779b97f4a7c15ULL);
  for (int round = 0; round < 2; ++round) {
    z += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
  }
  return z;
}

double Uniform(Random& random, double low, double high) {
  return low + (high - low) * (static_cast<double>(random() >> 11) * 0x1.0p-53);
}

int64_t UniformInt(Random& random, int64_t count) {
  return static_cast<int64_t>(Uniform(random, 0.0, 1.0) * static_cast<double>(count));
}

double Normal(Random& random, double mean, double deviation) {
  const double u = 1.0 - Uniform(random, 0.0, 1.0);
  const double v = Uniform(random, 0.0, 1.0);
  return mean + deviation * std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

bool Chance(Random& random, double p) { return Uniform(random, 0.0, 1.0) < p; }

}  // namespace unmask
