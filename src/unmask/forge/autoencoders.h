#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "unmask/infer/session_pool.h"
#include "unmask/media/image.h"

namespace unmask {

// The autoencoders of a folder, ready to run, from any number of threads.
class Autoencoders {
 public:
  // Takes every *.onnx file, in the order of their names, and tries it. Throws Error where there is
  // none, with the command that makes one, and naming a file that is no such network.
  explicit Autoencoders(const std::filesystem::path& folder);

  // Those that forgeries use: of the folder $UNMASK_AUTOENCODERS where it is set, otherwise those
  // that belong to the program. Looked up once. Throws as the constructor does.
  static const Autoencoders& Installed();

  size_t size() const { return pools_.size(); }

  // Changes when a network does; 64 hexadecimal digits.
  const std::string& fingerprint() const { return fingerprint_; }

  // What autoencoder `which` (0 … size() − 1) makes of a colour picture of kAutoencoderSize pixels,
  // of the same size. In float32 with one thread: the same every time. Throws Error for a picture
  // of another size, and where there is no memory.
  Image Reconstruct(size_t which, const Image& image) const;

 private:
  std::vector<std::unique_ptr<SessionPool>> pools_;
  std::string fingerprint_;
};

}  // namespace unmask
