# The oracle is protobuf's own library; the test messages are compiled at run time from the folder.
target_link_libraries(unit_codec PRIVATE sluice_proto)
target_compile_definitions(unit_codec PRIVATE CODEC_TEST_DIR="${CMAKE_CURRENT_SOURCE_DIR}/unit/gateway/codec"
  CODEC_GOLDEN_DIR="${CMAKE_CURRENT_SOURCE_DIR}/golden/codec")
