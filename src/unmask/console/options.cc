#include "unmask/console/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <system_error>

#include "unmask/console/output.h"

namespace unmask {

void AddThreadsOption(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "processor threads; 0: one per core")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024).description(""));
}

void AddSeedOption(CLI::App& app, uint64_t& seed, const std::string& what) {
  // CLI11 would take -1 for the largest number, and larger ones too, and read 010 as octal.
  const auto read = [](std::string& text) {
    uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || rest != end) {
      return "a seed is a whole number from 0 to 18446744073709551615, not " + text;
    }
    text = std::to_string(value);
    return std::string();
  };
  app.add_option("--seed", seed, what)->capture_default_str()->transform(CLI::Validator(read, ""));
}

void AddJsonOption(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "print the results as JSON on standard output");
}

void AddVerbosityOptions(CLI::App& app) {
  app.add_flag_callback(
      "-q,--quiet", [] { SetVerbosity(Verbosity::kQuiet); }, "errors only, no progress");
  app.add_flag_callback(
      "-v,--verbose", [] { SetVerbosity(Verbosity::kVerbose); }, "all that the libraries say");
}

void ParseShard(const std::string& text, int& shard, int& shards) {
  const char* const end = text.data() + text.size();
  const auto [slash, first] = std::from_chars(text.data(), end, shard);
  const bool has_slash = first == std::errc() && slash != end && *slash == '/';
  const auto [rest, second] = std::from_chars(has_slash ? slash + 1 : end, end, shards);
  if (!has_slash || second != std::errc() || rest != end || shard < 1 || shard > shards) {
    throw UsageError("--shard is written i/n with 1 ≤ i ≤ n, such as 2/8; it is '" + text + "'");
  }
}

}  // namespace unmask
