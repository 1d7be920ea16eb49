# sluice_add_plugin(NAME PROTO a.proto... SOURCES a.cpp... [LINK library...])
#
# Builds NAME.so, a plugin that sluice loads by that name, into ${CMAKE_BINARY_DIR}/plugins. Sources may be C++20 or C11.
# Each PROTO is a path below the plugin's folder, ${CMAKE_SOURCE_DIR}/proto or the SDK's proto folder; the sources include
# what is made of it as "path/x.sluice.hpp" (C++) or "path/x.sluice.h" (C, the descriptor set only). A proto that is
# imported by another belongs into the list too, except sluice/options.proto.
#
# NAME_static is the same plugin as a static library whose entry is called sluice_plugin_entry_v1_NAME, for unit tests; it is
# built only when something links it.
#
# The same file serves the source tree and the installed package; whoever includes it sets before:
#   SLUICE_SDK_DIR        the folder of plugin.map
#   SLUICE_SDK_PROTO_DIR  the folder of sluice/options.proto
#   SLUICE_SDK_CODEGEN    protoc-gen-sluice, a program of the build machine: a path, or $<TARGET_FILE:...>
#   SLUICE_SDK_CODEGEN_TARGET  what to build first, or empty
#   SLUICE_PROTOC         protoc of the build machine

# The import path and the name below it of a proto given as the caller wrote it.
function(sluice_find_proto proto result)
  foreach(folder ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/proto ${SLUICE_SDK_PROTO_DIR} ${SLUICE_PROTOC_INCLUDE})
    if(EXISTS ${folder}/${proto})
      set(${result} ${folder}/${proto} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "sluice_add_plugin: no ${proto} below ${CMAKE_CURRENT_SOURCE_DIR}, ${CMAKE_SOURCE_DIR}/proto or ${SLUICE_SDK_PROTO_DIR}")
endfunction()

# A target NAME_codegen that makes the headers of the protos below ${CMAKE_CURRENT_BINARY_DIR}/NAME_generated.
function(sluice_generate name)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${name}_generated)
  file(MAKE_DIRECTORY ${out})
  set(imports "")
  foreach(folder ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/proto ${SLUICE_SDK_PROTO_DIR})
    if(IS_DIRECTORY ${folder})
      list(APPEND imports -I${folder})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES imports)
  set(headers "")
  set(files "")
  foreach(proto IN LISTS ARGN)
    sluice_find_proto(${proto} path)
    list(APPEND files ${path})
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    list(APPEND headers ${out}/${stem}.sluice.hpp ${out}/${stem}.sluice.h)
  endforeach()
  add_custom_command(
    OUTPUT ${headers}
    COMMAND ${SLUICE_PROTOC} --plugin=protoc-gen-sluice=${SLUICE_SDK_CODEGEN} --sluice_out=${out} ${imports} ${ARGN}
    DEPENDS ${files} ${SLUICE_SDK_PROTO_DIR}/sluice/options.proto ${SLUICE_SDK_CODEGEN_TARGET}
    COMMENT "Generating the events of ${name}"
    VERBATIM)
  add_custom_target(${name}_codegen DEPENDS ${headers})
endfunction()

function(sluice_plugin_target target name)
  cmake_parse_arguments(ARG "" "" "LINK;PROTO" ${ARGN})
  target_compile_definitions(${target} PRIVATE SLUICE_PLUGIN_NAME=${name})
  target_link_libraries(${target} PRIVATE sluice::sdk ${ARG_LINK})
  set_target_properties(${target} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    C_STANDARD 11 C_STANDARD_REQUIRED ON
    CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
  # A fused multiply-add would give a simulator other bytes for its seed than on a processor without one.
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  if(TARGET sluice_flags)
    target_link_libraries(${target} PRIVATE sluice_flags)
  endif()
  if(ARG_PROTO)
    target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${name}_generated)
    add_dependencies(${target} ${name}_codegen)
  endif()
endfunction()

function(sluice_add_plugin name)
  cmake_parse_arguments(ARG "" "" "PROTO;SOURCES;LINK" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_SOURCES)
    message(FATAL_ERROR "usage: sluice_add_plugin(NAME PROTO a.proto... SOURCES a.cpp... [LINK library...])")
  endif()
  if(NOT name MATCHES "^[a-z0-9_]+$")
    message(FATAL_ERROR "sluice_add_plugin: the name '${name}' must match [a-z0-9_]{1,64}")
  endif()
  if(ARG_PROTO)
    sluice_generate(${name} ${ARG_PROTO})
  endif()

  add_library(${name} MODULE ${ARG_SOURCES})
  sluice_plugin_target(${name} ${name} LINK ${ARG_LINK} PROTO ${ARG_PROTO})
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".so"
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins
    LINK_DEPENDS ${SLUICE_SDK_DIR}/plugin.map)
  target_link_options(${name} PRIVATE -Wl,--version-script=${SLUICE_SDK_DIR}/plugin.map -Wl,--exclude-libs,ALL)
  # clang leaves the sanitizers' symbols to the program, so only an ordinary link can insist that none is missing.
  if(NOT (SLUICE_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang"))
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  set_property(GLOBAL APPEND PROPERTY SLUICE_PLUGINS ${name})
  install(TARGETS ${name} LIBRARY DESTINATION lib/sluice/plugins COMPONENT plugins)

  add_library(${name}_static STATIC EXCLUDE_FROM_ALL ${ARG_SOURCES})
  sluice_plugin_target(${name}_static ${name} LINK ${ARG_LINK} PROTO ${ARG_PROTO})
  target_compile_definitions(${name}_static PUBLIC SLUICE_PLUGIN_STATIC)
  # Tests of the plugin see its events too.
  if(ARG_PROTO)
    target_include_directories(${name}_static INTERFACE ${CMAKE_CURRENT_BINARY_DIR}/${name}_generated)
  endif()
  target_link_libraries(${name}_static INTERFACE sluice::sdk)
endfunction()
