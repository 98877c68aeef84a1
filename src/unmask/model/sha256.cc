#include "unmask/model/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "unmask/base/error.h"

namespace unmask {
namespace {

class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    fine_ = context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  }

  void Add(std::string_view bytes) {
    fine_ = fine_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
  }

  // 64 hexadecimal digits.
  std::string Finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (!fine_ || EVP_DigestFinal_ex(context_.get(), digest.data(), &length) != 1) {
      throw Error("OpenSSL cannot compute SHA-256");
    }
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
      text += kDigits[digest[i] >> 4];
      text += kDigits[digest[i] & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
  bool fine_ = false;
};

}  // namespace

std::string Sha256OfFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string() + ": cannot be opened", "Check the path and its rights");
  Digest digest;
  std::vector<char> buffer(1 << 16);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    digest.Add({buffer.data(), static_cast<size_t>(file.gcount())});
  }
  if (file.bad()) throw Error(path.string() + ": cannot be read to its end");
  return digest.Finish();
}

std::string Sha256OfText(std::string_view text) {
  Digest digest;
  digest.Add(text);
  return digest.Finish();
}

}  // namespace unmask
