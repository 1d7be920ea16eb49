# codec_bench: gate S5. Needs protoc for the library's objects, and the rivals' headers.
find_package(Protobuf REQUIRED)
find_package(simdjson REQUIRED)
set(codec_bench_generated ${CMAKE_CURRENT_BINARY_DIR}/codec_bench_generated)
file(MAKE_DIRECTORY ${codec_bench_generated})
add_custom_command(
  OUTPUT ${codec_bench_generated}/codec_bench.pb.cc ${codec_bench_generated}/codec_bench.pb.h
  COMMAND protobuf::protoc --cpp_out=${codec_bench_generated} -I${CMAKE_CURRENT_LIST_DIR}/plugins -I${CMAKE_SOURCE_DIR}/proto
    codec_bench.proto
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/plugins/codec_bench.proto ${CMAKE_SOURCE_DIR}/proto/sluice/options.proto
  VERBATIM)
add_executable(codec_bench ${CMAKE_CURRENT_LIST_DIR}/codec_bench.cpp ${codec_bench_generated}/codec_bench.pb.cc)
target_include_directories(codec_bench SYSTEM PRIVATE ${codec_bench_generated})
target_compile_definitions(codec_bench PRIVATE CODEC_BENCH_PROTO="${CMAKE_CURRENT_LIST_DIR}/plugins/codec_bench.proto")
target_link_libraries(codec_bench PRIVATE sluice_codec sluice_proto simdjson::simdjson sluice_flags)
