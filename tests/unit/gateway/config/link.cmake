target_compile_definitions(unit_config PRIVATE SLUICE_SHIPPED_CONFIG="${CMAKE_SOURCE_DIR}/configs/sluice.toml")
