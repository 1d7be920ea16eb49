# The embedded broker's child, as small as it can be.
add_executable(test_broker unit/gateway/kafka/broker_program.cpp)
target_link_libraries(test_broker PRIVATE sluice_kafka sluice_flags)
add_dependencies(unit_kafka test_broker)
target_compile_definitions(unit_kafka PRIVATE SLUICE_TEST_BROKER="$<TARGET_FILE:test_broker>")
target_link_libraries(unit_kafka PRIVATE sluice_test_kafka PkgConfig::RDKAFKA)
