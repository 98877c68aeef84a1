# What `cmake --install` puts where, below the prefix:
#
#   bin/unmask, bin/unmask-train    the programs
#   lib/libunmask.so                every module but the commands and the training, as one library:
#                                   who links it needs none of the libraries behind it
#   lib/unmask/                     OpenVINO, where it came from ./setup (found through the RPATH)
#   lib/cmake/unmask/               for find_package(unmask)
#   include/unmask/                 headers
#   share/unmask/                   networks, models, plans, recipes, the weights that training
#                                   starts from
#   share/doc/unmask/               licences
include(CMakePackageConfigHelpers)

set(library_modules base media score graph model infer backbones face data forge sampling detect
                    explain robustness report)
set(library_targets)
foreach(module IN LISTS library_modules)
  if(TARGET unmask_${module})
    list(APPEND library_targets unmask_${module})
  endif()
endforeach()
list(JOIN library_targets "," library_list)

file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/generated/library.cc"
     CONTENT "// All code of libunmask is in the modules.\n")
add_library(unmask_library SHARED "${PROJECT_BINARY_DIR}/generated/library.cc")
target_link_libraries(unmask_library
  PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${library_list}>"
  INTERFACE nlohmann_json::nlohmann_json)
target_include_directories(unmask_library INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_compile_features(unmask_library INTERFACE cxx_std_20)
set_target_properties(unmask_library PROPERTIES
  OUTPUT_NAME unmask EXPORT_NAME unmask
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  # Modules link each other plainly; here all of them are taken whole.
  LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,${library_list}")

set(private_lib_dir "${CMAKE_INSTALL_LIBDIR}/unmask")
file(RELATIVE_PATH private_lib_from_bin "/${CMAKE_INSTALL_BINDIR}" "/${private_lib_dir}")
get_target_property(openvino_library openvino::runtime IMPORTED_LOCATION_RELEASE)
cmake_path(GET openvino_library PARENT_PATH openvino_folder)
cmake_path(IS_PREFIX UNMASK_DEPS_DIR "${openvino_folder}" NORMALIZE openvino_is_ours)
set(library_rpath "$ORIGIN/unmask")
set(program_rpath "$ORIGIN/${private_lib_from_bin}")
if(NOT openvino_is_ours)  # where the user has it, it stays
  set(library_rpath "${openvino_folder}")
  set(program_rpath "${openvino_folder}")
endif()

# CMake ends the RPATH of programs in the build tree with an empty entry: the current folder, from where
# nothing must be loaded. So they have the installed one's, and links where that leads; but not where
# libraries lie in places of their own, which CMake's RPATH names, or programs in other folders.
cmake_path(SET program_link NORMALIZE "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${private_lib_from_bin}")
cmake_path(IS_PREFIX CMAKE_BINARY_DIR "${program_link}" build_as_installed)
get_property(several_configurations GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(several_configurations OR NOT "${OpenCV_DIR};${Torch_DIR}" MATCHES "^/usr/[^;]*;(/usr/.*|.*-NOTFOUND|)$")
  set(build_as_installed FALSE)
endif()
if(build_as_installed AND openvino_is_ours)
  foreach(link "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/unmask" "${program_link}")
    cmake_path(GET link PARENT_PATH folder)
    file(MAKE_DIRECTORY "${folder}")
    file(CREATE_LINK "${openvino_folder}" "${link}" SYMBOLIC)
  endforeach()
endif()

set_target_properties(unmask_library PROPERTIES
  INSTALL_RPATH "${library_rpath}" BUILD_WITH_INSTALL_RPATH ${build_as_installed})
foreach(program unmask unmask-train)
  if(TARGET ${program})
    set_target_properties(${program} PROPERTIES
      INSTALL_RPATH "${program_rpath}" BUILD_WITH_INSTALL_RPATH ${build_as_installed})
    install(TARGETS ${program} RUNTIME)
  endif()
endforeach()
install(TARGETS unmask_library EXPORT unmask LIBRARY)

# What runs ONNX and TFLite networks on a CPU; the parts for other formats and devices stay behind.
if(openvino_is_ours)
  install(DIRECTORY "${openvino_folder}/" DESTINATION "${private_lib_dir}"
    FILES_MATCHING
    REGEX "/libopenvino\\.so"
    REGEX "/libopenvino_(intel_cpu_plugin|(onnx|tensorflow_lite|ir)_frontend)\\.so"
    REGEX "/lib(tbb|tbbmalloc|tbbbind_2_5|hwloc)\\.so")
endif()

install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/unmask/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/unmask"
  FILES_MATCHING PATTERN "*.h"
  # Headers of programs and of training, and those that wrap a third-party library for our sources.
  REGEX "/(console|cli|nn|losses|train|train_cli|serve|study)$" EXCLUDE
  REGEX "/(ffmpeg_helpers|video_decoder|video_frame|video_packets|opencv_codecs|opencv_view|onnx_builder|onnx_emitter)\\.h$" EXCLUDE
  REGEX "/(fine_detail|generator_traces|paint|test_[a-z_]+)\\.h$" EXCLUDE
  REGEX "/data/layouts/(makers|support)\\.h$" EXCLUDE)
install(DIRECTORY "${UNMASK_DEPS_DIR}/networks" DESTINATION "${CMAKE_INSTALL_DATADIR}/unmask")
if(UNMASK_TRAINING)
  install(FILES "${UNMASK_DEPS_DIR}/weights/efficientnet_lite0.safetensors"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/unmask/weights")
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/models" DESTINATION "${CMAKE_INSTALL_DATADIR}/unmask"
  FILES_MATCHING PATTERN "*.onnx" PATTERN "*.md" PATTERN "*.json")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/plans" "${PROJECT_SOURCE_DIR}/recipes"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/unmask")
install(FILES LICENSE THIRD_PARTY.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/unmask")
install(EXPORT unmask NAMESPACE unmask:: FILE unmaskTargets.cmake DESTINATION "${package_folder}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/unmaskConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/unmaskConfig.cmake" INSTALL_DESTINATION "${package_folder}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/unmaskConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/unmaskConfig.cmake"
  "${PROJECT_BINARY_DIR}/unmaskConfigVersion.cmake" DESTINATION "${package_folder}")
