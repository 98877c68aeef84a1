#include "unmask/sampling/pair_source.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/base/text.h"

namespace unmask {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

FaceCrop ReadFace(const StoredFace& face) {
  return {face.store->ReadCrop(*face.record), face.store->MeshInCrop(*face.record)};
}

Image Augmented(const StoredFace& face, const AugmentOptions& options, Random& random) {
  const Image crop = face.store->ReadCrop(*face.record);
  return std::move(AugmentTogether(std::span(&crop, 1), options, random)[0]);
}

// Both halves of a pair degraded alike: only the manipulation tells them apart.
PairSource::Pair AugmentedAlike(const Image& real, const Image& fake, const AugmentOptions& options,
                                Random& random) {
  const std::vector<Image> both = {real, fake};
  std::vector<Image> done = AugmentTogether(both, options, random);
  return {Sample{std::move(done[0]), 0}, Sample{std::move(done[1]), 1}};
}

}  // namespace

PairSource::PairSource(std::vector<std::shared_ptr<const CropStore>> stores, const Options& options)
    : stores_(std::move(stores)), options_(options) {
  if (stores_.empty()) throw Error("no store to draw faces from");
  options_.sampling.Validate();
  if (options_.forgery != "none") {
    forgeries_.emplace(options_.forgery, options_.forgeries);
    if (options_.sampling.balance != "labels" || options_.sampling.pairing != "random") {
      throw UsageError("--balance and --pairing are for fakes of the stores, and --forgery " +
                           options_.forgery + " makes its own",
                       "Add --forgery none, or leave them out");
    }
  }
  options_.augment.input_scale = stores_[0]->info.crop_scale;
  options_.augment.Validate();
  if (options_.augment.output_scale > options_.augment.input_scale) {
    throw Error(stores_[0]->path.string() + ": its crops have the face scale " +
                    FormatFixed(options_.augment.input_scale, 2) + ", and training asks for " +
                    FormatFixed(options_.augment.output_scale, 2) + ", which lies outside them",
                "Lower --crop-scale, or prepare the store with a larger one");
  }
  const std::vector<StoredFace> faces = Select();
  CheckSelection(faces);
  MakePools(faces);
}

std::vector<StoredFace> PairSource::Select() const {
  const SamplingOptions& sampling = options_.sampling;
  std::set<std::string> classes[2], qualities;  // of the stores, classes by label
  for (const auto& store : stores_) {
    for (const CropRecord& record : store->records) {
      if (record.label >= 0) classes[record.label].insert(record.class_name);
      qualities.insert(record.quality);
    }
  }
  bool names_class[2] = {false, false};
  for (const std::string& name : sampling.classes) {
    for (const int label : {0, 1}) names_class[label] |= classes[label].contains(name);
    if (classes[0].contains(name) || classes[1].contains(name)) continue;
    std::vector<std::string> known(classes[0].begin(), classes[0].end());
    known.insert(known.end(), classes[1].begin(), classes[1].end());
    ThrowUnknownName("class", name, known);
  }
  if (names_class[1] && forgeries_) {
    throw UsageError(
        "a class of fakes is chosen, and --forgery " + options_.forgery + " makes fakes of its own",
        "Add --forgery none");
  }
  if (!sampling.quality.empty() && !qualities.contains(sampling.quality)) {
    qualities.erase("");
    if (qualities.empty()) {
      throw UsageError("the quality '" + sampling.quality +
                           "' is asked for, and the stores do not say of which theirs is",
                       "Leave --quality out, or prepare with --quality");
    }
    ThrowUnknownName("quality", sampling.quality, {qualities.begin(), qualities.end()});
  }
  std::vector<StoredFace> faces;
  for (const auto& store : stores_) {
    for (const CropRecord& record : store->records) {
      if (record.split != options_.split || record.label < 0) continue;
      if (record.label == 1 && forgeries_) continue;
      if (!sampling.quality.empty() && record.quality != sampling.quality) continue;
      if (names_class[record.label] && !Contains(sampling.classes, record.class_name)) continue;
      faces.push_back({store.get(), &record});
    }
  }
  return faces;
}

void PairSource::CheckSelection(const std::vector<StoredFace>& faces) const {
  const SamplingOptions& sampling = options_.sampling;
  const std::string store = stores_[0]->path.string();
  std::string in = " in the split '" + options_.split + "'";
  if (!sampling.quality.empty()) in += " and the quality '" + sampling.quality + "'";
  int64_t counts[2] = {0, 0};
  std::set<std::string> present;
  for (const StoredFace& face : faces) {
    ++counts[face.record->label];
    present.insert(face.record->class_name);
  }
  std::set<std::string> wanted(sampling.classes.begin(), sampling.classes.end());
  if (sampling.balance == "classes" && wanted.empty()) {
    for (const auto& each : stores_) {
      for (const CropRecord& record : each->records) {
        if (record.label == 1) wanted.insert(record.class_name);
      }
    }
  }
  for (const std::string& name : wanted) {
    if (present.contains(name)) continue;
    throw Error(store + ": has no faces of the class '" + name + "'" + in,
                "Choose the classes with --classes, or prepare videos of it for this split");
  }
  if (counts[0] == 0) {
    throw Error(store + ": has no real faces" + in,
                "Give labels, and splits or more people, in the manifest of `unmask prepare "
                "--manifest`");
  }
  if (!forgeries_ && counts[1] == 0) {
    throw Error(store + ": has no fake faces" + in,
                "Add a store with fakes, or forge them with --forgery self-blend");
  }
}

void PairSource::MakePools(const std::vector<StoredFace>& faces) {
  const SamplingOptions& sampling = options_.sampling;
  std::vector<StoredFace> real;
  std::map<std::string, std::vector<StoredFace>> fake;  // by class, or all under one name
  std::set<std::string_view> people;
  for (const StoredFace& face : faces) {
    people.insert(face.record->identity);
    ++(face.record->label == 0 ? real_faces_ : fake_faces_);
    if (face.record->label == 0 || sampling.balance == "none") {
      real.push_back(face);
    } else {
      fake[sampling.balance == "classes" ? face.record->class_name : ""].push_back(face);
    }
  }
  people_ = static_cast<int64_t>(people.size());
  first_.emplace(std::move(real), sampling.frames_per_video);
  for (auto& [name, these] : fake) {
    fake_.emplace_back(std::move(these), sampling.frames_per_video);
  }
  if (forgeries_ && forgeries_->needs_other_face()) similar_.emplace(first_->all());
}

int64_t PairSource::pairs_per_epoch() const {
  const int64_t faces = first_->faces_per_epoch();
  return options_.sampling.balance == "none" ? (faces + 1) / 2 : faces;
}

const StoredFace& PairSource::DrawFake(const StoredFace& real, int64_t index) const {
  // Classes take turns, each round in another order.
  const auto classes = static_cast<int64_t>(fake_.size());
  const int64_t round = index / classes;
  const uint64_t seed = DeriveSeed(options_.seed, "classes", static_cast<uint64_t>(round));
  const int64_t which = ShuffledIndex(index % classes, classes, seed);
  const FacePool& pool = fake_[static_cast<size_t>(which)];
  if (options_.sampling.pairing == "identity") {
    const CropRecord& record = *real.record;
    if (const StoredFace* face =
            pool.NearestOf(record.identity, record.face.time,
                           DeriveSeed(options_.seed, "partner", static_cast<uint64_t>(index)))) {
      return *face;
    }
  }
  return pool.Draw(round, DeriveSeed(options_.seed, "fake", static_cast<uint64_t>(which)));
}

Image PairSource::StoredCrop(int64_t index) const {
  const StoredFace& face = first_->Draw(index, DeriveSeed(options_.seed, "real"));
  return face.store->ReadCrop(*face.record);
}

int64_t PairSource::PeopleOf(int64_t pairs) const {
  const uint64_t seed = DeriveSeed(options_.seed, "real");
  const int64_t faces = options_.sampling.balance == "none" ? 2 * pairs : pairs;
  std::set<std::string_view> people;
  for (int64_t i = 0; i < faces; ++i) people.insert(first_->Draw(i, seed).record->identity);
  return static_cast<int64_t>(people.size());
}

Random PairSource::RandomOf(int64_t index) const {
  return Random(DeriveSeed(options_.seed, "pair", static_cast<uint64_t>(index)));
}

std::string_view PairSource::ForgeryOf(int64_t index) const {
  if (!forgeries_) return "";
  Random random = RandomOf(index);
  return forgeries_->Draw(random).name;
}

RealAndFake PairSource::Forge(const StoredFace& real, Random& random) const {
  const Forgery& forgery = forgeries_->Draw(random);  // before anything else, see ForgeryOf()
  const FaceCrop face = ReadFace(real);
  ForgeryInput input{.face = face, .strength = options_.forgery_strength};
  if (similar_) {
    input.other_face = [&](Random& draw) {
      return ReadFace(similar_->Draw(face.mesh, real.record->identity, draw));
    };
  }
  return forgery.forge(input, random);
}

PairSource::Pair PairSource::Make(int64_t index) const {
  Random random = RandomOf(index);
  const uint64_t seed = DeriveSeed(options_.seed, "real");
  const AugmentOptions& augment = options_.augment;
  if (options_.sampling.balance == "none") {
    Pair pair;
    for (int i = 0; i < 2; ++i) {
      const StoredFace& face = first_->Draw(2 * index + i, seed);
      pair[i] = {Augmented(face, augment, random), face.record->label};
    }
    return pair;
  }
  const StoredFace& real = first_->Draw(index, seed);
  if (!forgeries_) {
    const StoredFace& fake = DrawFake(real, index);
    if (options_.sampling.pairing == "identity") {
      return AugmentedAlike(real.store->ReadCrop(*real.record), fake.store->ReadCrop(*fake.record),
                            augment, random);
    }
    Image image = Augmented(real, augment, random);
    return {Sample{std::move(image), 0}, Sample{Augmented(fake, augment, random), 1}};
  }
  const RealAndFake forged = Forge(real, random);
  return AugmentedAlike(forged.real, forged.fake, augment, random);
}

std::vector<std::shared_ptr<const CropStore>> OpenStores(
    const std::vector<std::filesystem::path>& paths) {
  const std::vector<std::shared_ptr<const CropStore>> stores = OpenCropStores(paths);
  std::map<std::string, std::string> splits;  // of each identity
  for (const auto& each : stores) {
    const CropStore& store = *each;
    const CropStoreInfo& first = stores[0]->info;
    if (store.info.crop_size != first.crop_size || store.info.crop_scale != first.crop_scale) {
      throw Error(store.path.string() + ": its crops differ in size or scale from those of " +
                      paths[0].string(),
                  "Prepare both with the same --crop-size and --crop-scale");
    }
    for (const CropRecord& record : store.records) {
      const auto [known, is_new] = splits.emplace(record.identity, record.split);
      if (!is_new && known->second != record.split) {
        throw Error(store.path.string() + ": the person '" + record.identity +
                        "' is in the splits '" + known->second + "' and '" + record.split + "'",
                    "Give every person one split in the manifest");
      }
    }
  }
  return stores;
}

}  // namespace unmask
