#include "unmask/sampling/pair_source.h"

#include <map>
#include <numeric>
#include <span>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

// The image of `index` under a random order of 0 … count − 1 that (seed, name, round) fixes,
// without storing the order: a step of constant width, coprime to `count`, from a random start.
int64_t Shuffled(int64_t index, int64_t count, uint64_t seed, const char* name) {
  const int64_t round = index / count;
  Random random(DeriveSeed(seed, name, static_cast<uint64_t>(round)));
  const int64_t start = UniformInt(random, count);
  int64_t step = 1 + UniformInt(random, count);
  while (std::gcd(step, count) != 1) ++step;
  return (start + (index % count) * step) % count;
}

}  // namespace

PairSource::PairSource(std::vector<std::shared_ptr<const CropStore>> stores, const Options& options)
    : stores_(std::move(stores)), options_(options) {
  if (stores_.empty()) throw Error("no store to draw faces from");
  const bool forge = options_.forgery != "none";
  if (forge) forgery_ = &FindForgery(options_.forgery);
  options_.augment.input_scale = stores_[0]->info.crop_scale;
  options_.augment.Validate();
  if (options_.augment.output_scale > options_.augment.input_scale) {
    throw Error(stores_[0]->path.string() + ": its crops have the face scale " +
                    FormatFixed(options_.augment.input_scale, 2) + ", and training asks for " +
                    FormatFixed(options_.augment.output_scale, 2) + ", which lies outside them",
                "Lower --crop-scale, or prepare the store with a larger one");
  }
  for (const auto& store : stores_) {
    for (const CropRecord& record : store->records) {
      if (record.split != options_.split) continue;
      if (record.label == 0) real_.push_back({store.get(), &record});
      if (record.label == 1 && !forge) fake_.push_back({store.get(), &record});
    }
  }
  const std::string in = " in the split '" + options_.split + "'";
  if (real_.empty()) {
    throw Error(
        stores_[0]->path.string() + ": has no real faces" + in,
        "Give labels, and splits or more people, in the manifest of `unmask prepare --manifest`");
  }
  if (!forge && fake_.empty()) {
    throw Error(stores_[0]->path.string() + ": has no fake faces" + in,
                "Add a store with fakes, or forge them with --forgery self-blend");
  }
}

const PairSource::Entry& PairSource::Draw(const std::vector<Entry>& entries, const char* name,
                                          int64_t index) const {
  const auto count = static_cast<int64_t>(entries.size());
  return entries[static_cast<size_t>(Shuffled(index, count, options_.seed, name))];
}

PairSource::Pair PairSource::Make(int64_t index) const {
  Random random(DeriveSeed(options_.seed, "pair", static_cast<uint64_t>(index)));
  const Entry& real = Draw(real_, "real", index);
  const Image crop = real.store->ReadCrop(*real.record);
  if (forgery_ != nullptr) {
    const RealAndFake forged =
        forgery_->forge(crop, real.store->MeshInCrop(*real.record), true, random);
    // Both halves of a pair are degraded alike: only the manipulation tells them apart.
    const std::vector<Image> both = {forged.real, forged.fake};
    std::vector<Image> done = AugmentTogether(both, options_.augment, random);
    return {Sample{std::move(done[0]), 0}, Sample{std::move(done[1]), 1}};
  }
  const Entry& fake = Draw(fake_, "fake", index);
  const Image other = fake.store->ReadCrop(*fake.record);
  Image real_image = std::move(AugmentTogether(std::span(&crop, 1), options_.augment, random)[0]);
  Image fake_image = std::move(AugmentTogether(std::span(&other, 1), options_.augment, random)[0]);
  return {Sample{std::move(real_image), 0}, Sample{std::move(fake_image), 1}};
}

std::vector<std::shared_ptr<const CropStore>> OpenStores(
    const std::vector<std::filesystem::path>& folders) {
  std::vector<std::shared_ptr<const CropStore>> stores;
  std::map<std::string, std::string> splits;  // of each identity
  for (const std::filesystem::path& folder : folders) {
    stores.push_back(std::make_shared<CropStore>(OpenCropStore(folder)));
    const CropStore& store = *stores.back();
    const CropStoreInfo& first = stores[0]->info;
    if (store.info.crop_size != first.crop_size || store.info.crop_scale != first.crop_scale) {
      throw Error(folder.string() + ": its crops differ in size or scale from those of " +
                      folders[0].string(),
                  "Prepare both with the same --crop-size and --crop-scale");
    }
    for (const CropRecord& record : store.records) {
      const auto [known, is_new] = splits.emplace(record.identity, record.split);
      if (!is_new && known->second != record.split) {
        throw Error(folder.string() + ": the person '" + record.identity + "' is in the splits '" +
                        known->second + "' and '" + record.split + "'",
                    "Give every person one split in the manifest");
      }
    }
  }
  return stores;
}

}  // namespace unmask
