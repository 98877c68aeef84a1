// For sanitizer builds, to be preloaded: OpenVINO's oneTBB loads a library of its own with a flag
// that sanitizers refuse.
#include <dlfcn.h>

extern "C" void* dlopen(const char* file, int mode) {
  using Function = void* (*)(const char*, int);
  static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "dlopen"));
  return next(file, mode & ~RTLD_DEEPBIND);
}
