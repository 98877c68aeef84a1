# Language level, warnings, caches and linker: everything that is about the compiler.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# Hidden behind an interface target so that third-party code is not held to our warnings.
add_library(unmask_warnings INTERFACE)
# Option structs are filled by name; what is not named keeps its default, which is no mistake.
target_compile_options(unmask_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # A false alarm of g++ 12 about std::string (GCC bug 105651), mended in 13.
  target_compile_options(unmask_warnings INTERFACE -Wno-restrict)
endif()
if(UNMASK_WERROR)
  target_compile_options(unmask_warnings INTERFACE -Werror)
endif()

if(UNMASK_SANITIZE)
  add_compile_options(-fsanitize=${UNMASK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # of std::regex, where it is instrumented
  add_link_options(-fsanitize=${UNMASK_SANITIZE})
  add_library(unmask_without_deepbind SHARED cmake/without_deepbind.cc)
  target_link_options(unmask_without_deepbind PRIVATE -fno-sanitize=all)
  target_compile_options(unmask_without_deepbind PRIVATE -fno-sanitize=all)
endif()
