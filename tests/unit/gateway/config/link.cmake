target_compile_definitions(unit_config PRIVATE SLUICE_CONFIGS="${CMAKE_SOURCE_DIR}/configs")
