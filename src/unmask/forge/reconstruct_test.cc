#include "unmask/forge/reconstruct.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <thread>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/forge/test_autoencoders.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

Image Noise(int width, int height, uint64_t seed) {
  Random random(seed);
  Image image(width, height);
  for (uint8_t& value : image.data) value = static_cast<uint8_t>(UniformInt(random, 256));
  return image;
}

// Soft blobs of colour, which survive resampling.
Image Smooth(int side) {
  Image image(side, side);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin(0.11 * x + c) * std::cos(0.07 * y - c);
        image.row(y)[3 * x + c] = static_cast<uint8_t>(std::lround(128 + 90 * wave));
      }
    }
  }
  return image;
}

double MeanDifference(const Image& a, const Image& b) {
  double sum = 0;
  for (size_t i = 0; i < a.data.size(); ++i) sum += std::abs(a.data[i] - b.data[i]);
  return sum / static_cast<double>(a.data.size());
}

// A picture as if a face filled as much of it as in a store.
FaceCrop WithMesh(Image image) {
  FaceCrop face{std::move(image), {}};
  const auto side = static_cast<float>(face.image.width);
  for (const Point& p : CanonicalMesh()) {
    face.mesh.push_back({side * (0.5f + 0.35f * p.x), side * (0.45f + 0.35f * p.y)});
  }
  return face;
}

std::string Refusal(const fs::path& folder) {
  try {
    const Autoencoders tried_at_once(folder);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(AutoencodersTest, RunInTheOrderOfTheirNames) {
  const TemporaryFolder folder;
  WriteTestAutoencoder(folder.path() / "b.onnx", 8);
  WriteTestAutoencoder(folder.path() / "a.onnx", 1);
  const Autoencoders both(folder.path());
  ASSERT_EQ(both.size(), 2u);
  const Image image = Noise(kAutoencoderSize, kAutoencoderSize, 1);
  EXPECT_EQ(both.Reconstruct(0, image).data, image.data);  // loses nothing
  const Image blocks = both.Reconstruct(1, image);
  EXPECT_EQ(blocks.row(0)[0], blocks.row(7)[3 * 7]);
  EXPECT_NE(blocks.row(0)[0], blocks.row(0)[3 * 8]);
  EXPECT_THROW(both.Reconstruct(0, Noise(100, 100, 1)), Error);

  const std::string before = both.fingerprint();
  EXPECT_EQ(Autoencoders(folder.path()).fingerprint(), before);
  WriteTestAutoencoder(folder.path() / "b.onnx", 4);
  EXPECT_NE(Autoencoders(folder.path()).fingerprint(), before);
}

TEST(AutoencodersTest, ManyThreadsGetWhatOneGets) {
  const TemporaryFolder folder;
  WriteTestAutoencoder(folder.path() / "a.onnx", 4, Interpolation::kBilinear);
  const Autoencoders autoencoders(folder.path());
  std::vector<Image> images, made(4);
  for (uint64_t i = 0; i < 4; ++i) images.push_back(Noise(kAutoencoderSize, kAutoencoderSize, i));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] { made[i] = autoencoders.Reconstruct(0, images[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(made[i].data, autoencoders.Reconstruct(0, images[i]).data);
  }
}

TEST(AutoencodersTest, WhatIsMissingIsSaidWithTheCommandThatMakesIt) {
  const TemporaryFolder folder;
  for (const fs::path& path : {folder.path(), folder.path() / "nowhere"}) {
    EXPECT_THAT(Refusal(path), HasSubstr(path.string()));
    EXPECT_THAT(Refusal(path), HasSubstr("unmask train --autoencoder"));
  }
  GraphBuilder graph;  // no picture comes out
  const int in = graph.AddInput(3, kAutoencoderSize, kAutoencoderSize);
  graph.SetOutput("reconstruction", graph.AddNode(GlobalAveragePool{}, {in}));
  WriteModel(folder.path() / "vector.onnx", std::move(graph).Build(), {}, {});
  EXPECT_THAT(Refusal(folder.path()), HasSubstr("vector.onnx"));
}

// With a network that loses nothing, resampling is all there is.
TEST(ReconstructTest, ResamplingAloneDoesNotTellTheFake) {
  const TemporaryFolder folder;
  WriteTestAutoencoder(folder.path() / "a.onnx", 1);
  const Autoencoders perfect(folder.path());
  const FaceCrop face = WithMesh(Smooth(300));
  int resampled = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const RealAndFake pair = Reconstruct({.face = face}, perfect, random);
    resampled += pair.real.data != face.image.data;
    EXPECT_LT(MeanDifference(pair.real, face.image), 1) << seed;
    EXPECT_LT(MeanDifference(pair.fake, pair.real), 1) << seed;
  }
  EXPECT_NEAR(resampled, 32, 8);  // wherever the whole crop is taken, and in half of the others
}

// Mean difference of neighbours along rows.
double Detail(const Image& image) {
  double sum = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 3; x < 3 * image.width; ++x) {
      sum += std::abs(image.row(y)[x] - image.row(y)[x - 3]);
    }
  }
  return sum / static_cast<double>(image.data.size());
}

TEST(ReconstructTest, LostDetailAloneDoesNotTellTheFake) {
  const TemporaryFolder folder;
  WriteTestAutoencoder(folder.path() / "a.onnx", 4, Interpolation::kBilinear);
  const Autoencoders soft(folder.path());
  const FaceCrop face = WithMesh(Noise(288, 288, 3));
  int alike = 0, softer = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const RealAndFake pair = Reconstruct({.face = face}, soft, random);
    const double real = Detail(pair.real), fake = Detail(pair.fake);
    EXPECT_LT(real, 1.05 * Detail(face.image));
    if (pair.real.data != face.image.data) {
      EXPECT_LT(real, 1.1 * fake) << seed;  // the fake may keep more around the face
      ++alike;
    } else {
      softer += fake < 0.98 * real;
    }
  }
  EXPECT_NEAR(alike, 32, 8);
  EXPECT_GT(softer, 3);
}

TEST(ReconstructTest, TakesTheFaceOrTheWholeCrop) {
  const TemporaryFolder folder;
  WriteTestAutoencoder(folder.path() / "a.onnx", 8);
  const Autoencoders coarse(folder.path());
  const FaceCrop face = WithMesh(Noise(224, 224, 3));
  int whole = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const RealAndFake pair = Reconstruct({.face = face}, coarse, random);
    EXPECT_GT(MeanDifference(pair.fake, pair.real), 0.05) << seed;
    whole += pair.fake.row(0)[0] != pair.real.row(0)[0] ||
             pair.fake.row(223)[0] != pair.real.row(223)[0];
    Random again(seed);
    const RealAndFake kept = Reconstruct({.face = face, .change_target = false}, coarse, again);
    EXPECT_EQ(kept.fake.row(0)[0], face.image.row(0)[0]) << seed;
  }
  EXPECT_NEAR(whole, 16, 8);
}

}  // namespace
}  // namespace unmask
