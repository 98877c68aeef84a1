#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace unmask {

// The generator used everywhere; a seed fixes a run.
using Random = std::mt19937_64;

// A seed for a part of a run, so that parts do not share a stream: the same (seed, name, index)
// always gives the same value, different ones give unrelated values (FNV-1a, then SplitMix64).
uint64_t DeriveSeed(uint64_t seed, std::string_view name, uint64_t index = 0);

// Uniform in [low, high). The standard distributions differ between libraries; these do not.
double Uniform(Random& random, double low, double high);

// Uniform in {0, …, count - 1}; count ≥ 1.
int64_t UniformInt(Random& random, int64_t count);

// Normal with the given mean and standard deviation (Box–Muller).
double Normal(Random& random, double mean, double deviation);

// True with probability p.
bool Chance(Random& random, double p);

}  // namespace unmask
