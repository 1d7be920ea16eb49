# A GoogleTest program on a real Kafka: sluice_kafka_test(NAME SOURCES ... LINK ... TIMEOUT seconds LABELS ...). It is one
# ctest case, so that its tests share one start of Kafka; only one such program runs at a time.
function(sluice_kafka_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} sluice_test_kafka GTest::gtest GTest::gmock GTest::gtest_main sluice_flags)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "kafka;${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} RESOURCE_LOCK kafka
    SKIP_REGULAR_EXPRESSION "NO REAL KAFKA")
endfunction()
