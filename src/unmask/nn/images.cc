#include "unmask/nn/images.h"

#include <ATen/ATen.h>

#include <cstring>

#include "unmask/base/error.h"

namespace unmask {

at::Tensor ToTensor(std::span<const Image> images, const std::array<float, 3>& mean,
                    const std::array<float, 3>& deviation) {
  if (images.empty()) throw Error("a batch needs at least one picture");
  const int64_t height = images[0].height, width = images[0].width;
  const auto count = static_cast<int64_t>(images.size());
  at::Tensor bytes = at::empty({count, height, width, 3}, at::kByte);
  for (int64_t i = 0; i < count; ++i) {
    const Image& image = images[i];
    if (image.height != height || image.width != width || image.channels != 3) {
      throw Error("the pictures of a batch must be of one size, in colour");
    }
    std::memcpy(bytes[i].data_ptr<uint8_t>(), image.data.data(), image.data.size());
  }
  const auto row = [](const std::array<float, 3>& v) { return at::tensor({v[0], v[1], v[2]}); };
  const at::Tensor values = (bytes.to(at::kFloat).div_(255) - row(mean)).div_(row(deviation));
  return values.permute({0, 3, 1, 2});
}

}  // namespace unmask
