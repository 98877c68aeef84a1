# unmask_module(NAME SOURCES … [TESTS …] [LINK …] [PRIVATE_LINK …])
#
# A folder of src/unmask is a module: one static library `unmask_NAME` and, when it has tests, one
# test program `unmask_NAME_test`. LINK names modules and libraries that the module's headers show;
# PRIVATE_LINK what only its sources use.
function(unmask_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;TESTS;LINK;PRIVATE_LINK" ${ARGN})
  set(target "unmask_${name}")
  add_library(${target} STATIC ${ARG_SOURCES})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>)
  target_link_libraries(${target} PUBLIC ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK} unmask_warnings)
  if(UNMASK_TESTS AND ARG_TESTS)
    add_executable(${target}_test ${ARG_TESTS})
    target_link_libraries(${target}_test PRIVATE
      ${target} ${ARG_LINK} ${ARG_PRIVATE_LINK} unmask_warnings GTest::gmock GTest::gtest_main)
    target_compile_definitions(${target}_test PRIVATE
      UNMASK_SOURCE_DIR="${PROJECT_SOURCE_DIR}" UNMASK_DEPS_DIR="${UNMASK_DEPS_DIR}")
    gtest_discover_tests(${target}_test
      TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 LABELS unit)
  endif()
endfunction()
