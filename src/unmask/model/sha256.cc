#include "unmask/model/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "unmask/base/error.h"

namespace unmask {

std::string Sha256OfFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string() + ": cannot be opened", "Check the path and its rights");
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  bool fine = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  std::vector<char> buffer(1 << 16);
  while (fine && file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    fine = EVP_DigestUpdate(context.get(), buffer.data(), file.gcount()) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  fine = fine && EVP_DigestFinal_ex(context.get(), digest.data(), &length) == 1;
  if (!fine || file.bad()) throw Error(path.string() + ": cannot be read to its end");
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace unmask
