# One static library per folder of gateway/: sluice_folder(NAME [SMALL] LINK ... PRIVATE_LINK ...). Sources are the folder's
# .cpp files. SMALL: off the data plane, compiled for size.
function(sluice_folder name)
  cmake_parse_arguments(ARG "SMALL" "" "LINK;PRIVATE_LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(sluice_${name} STATIC ${sources})
  target_include_directories(sluice_${name} PUBLIC ${CMAKE_SOURCE_DIR}/gateway)
  target_link_libraries(sluice_${name} PUBLIC ${ARG_LINK} PRIVATE sluice_flags ${ARG_PRIVATE_LINK})
  if(ARG_SMALL AND CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT SLUICE_SANITIZE)
    target_compile_options(sluice_${name} PRIVATE -Os)
  endif()
endfunction()

# A GoogleTest program: sluice_test(NAME SOURCES ... LINK ... LABELS ... TIMEOUT seconds). Each TEST
# becomes a ctest case NAME.Suite.Test.
function(sluice_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;LABELS;PROPERTIES" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  if(ARG_LABELS MATCHES "unit|loader")
    set_property(GLOBAL APPEND PROPERTY sluice_unit_tests ${name})
  endif()
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gmock GTest::gtest_main sluice_flags)
  gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} ${ARG_PROPERTIES})
endfunction()
