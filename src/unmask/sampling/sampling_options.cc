#include "unmask/sampling/sampling_options.h"

#include "unmask/base/error.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

constexpr Choice kBalances[] = {
    {"labels", "half of the faces are real; fakes in the proportions of the stores"},
    {"classes", "half of the faces are real; of the fakes every class has the same share"},
    {"none", "real and fake faces in the proportions of the stores"},
};

constexpr Choice kPairings[] = {
    {"random", "real and fake faces of a batch have nothing to do with each other"},
    {"identity",
     "a real face is paired with a fake of the same identity and time, where there is "
     "one, and both are degraded alike"},
};

void CheckName(const char* what, const std::string& name, std::span<const Choice> choices) {
  std::vector<std::string> known;
  for (const Choice& choice : choices) {
    if (choice.name == name) return;
    known.emplace_back(choice.name);
  }
  ThrowUnknownName(what, name, known);
}

}  // namespace

std::span<const Choice> Balances() { return kBalances; }
std::span<const Choice> Pairings() { return kPairings; }

void SamplingOptions::Validate() const {
  CheckName("balance", balance, kBalances);
  CheckName("pairing", pairing, kPairings);
  if (frames_per_video < 0) throw UsageError("frames per video must be at least 0 (all)");
  if (balance == "none" && pairing == "identity") {
    throw UsageError("the pairing 'identity' needs as many fake as real faces",
                     "Leave --balance none out, or --pairing identity");
  }
}

}  // namespace unmask
