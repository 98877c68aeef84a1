#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace unmask {

// Options that several commands share, so that they are spelt and explained alike.

// --threads: processor threads; 0 is one per core.
void AddThreadsOption(CLI::App& app, int& threads);

// --seed of `what`, such as "of the bootstrap": a whole number of 64 bits.
void AddSeedOption(CLI::App& app, uint64_t& seed, const std::string& what);

// --json: results as JSON on standard output.
void AddJsonOption(CLI::App& app, bool& json);

// --quiet and --verbose, which every command takes; they act as soon as they are parsed.
void AddVerbosityOptions(CLI::App& app);

// The value of --shard, such as "2/8": the second of eight. Throws UsageError where it is not
// written so or is none of them.
void ParseShard(const std::string& text, int& shard, int& shards);

}  // namespace unmask
