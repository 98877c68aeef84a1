#include "unmask/media/opencv_codecs.h"

#include <dlfcn.h>

#include <opencv2/imgcodecs.hpp>

#include "unmask/base/error.h"

namespace unmask {
namespace {

[[noreturn]] void Refuse() {
  const char* cause = dlerror();
  throw Error(std::string("cannot load OpenCV's library of picture formats, ") +
                  UNMASK_IMGCODECS_LIBRARY + (cause != nullptr ? std::string(": ") + cause : ""),
              "Install libopencv-imgcodecs of the version this was built with");
}

// The function of this mangled name, with the type that OpenCV's header declares.
template <typename Function>
Function* Find(const char* mangled) {
  // Lazily: of the libraries that it brings hardly a function is ever called.
  static void* const library = dlopen(UNMASK_IMGCODECS_LIBRARY, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) Refuse();
  void* const symbol = dlsym(library, mangled);
  if (symbol == nullptr) Refuse();
  return reinterpret_cast<Function*>(symbol);
}

}  // namespace

cv::Mat LazyImdecode(const std::vector<uint8_t>& bytes, int flags) {
  static auto* const imdecode =
      Find<cv::Mat(cv::InputArray, int)>("_ZN2cv8imdecodeERKNS_11_InputArrayEi");
  return imdecode(bytes, flags);
}

std::vector<uint8_t> LazyImencode(const std::string& extension, const cv::Mat& bgr,
                                  const std::vector<int>& parameters) {
  static auto* const imencode = Find<decltype(cv::imencode)>(
      "_ZN2cv8imencodeERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEERKNS_11_"
      "InputArrayERSt6vectorIhSaIhEERKSB_IiSaIiEE");
  std::vector<uint8_t> bytes;
  imencode(extension, bgr, bytes, parameters);
  return bytes;
}

}  // namespace unmask
