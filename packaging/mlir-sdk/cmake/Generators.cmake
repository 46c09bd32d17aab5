# Programs that generate code and that the prefix does not have in a form that can be shipped.
#
# Upstream installs no mlir-src-sharder and no mlir-irdl-to-cpp, although its CMake package names
# them; a distribution's others may need its libLLVM. They are compiled from the source, linked to
# the static libraries.

include(StaticLibraries)
include(UpstreamTools)
file(STRINGS "${SDK_LAYOUT}/compiled-programs.txt" missing)
all_static_libraries(static_files system_libraries)
list(TRANSFORM static_files REPLACE "^\\$<TARGET_FILE:(.*)>$" "\\1" OUTPUT_VARIABLE static_libraries)

# sdk_generator(NAME): compile it. The linker takes what it needs of all static libraries.
function(sdk_generator name)
  upstream_sources(sources ${name} AVAILABLE ${static_libraries})
  if(NOT sources)
    return()
  endif()
  # The plain name is the imported target's.
  set(target "generator.${name}")
  add_executable(${target} ${sources})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME "${name}" CXX_STANDARD 17)
  target_include_directories(${target} SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_libraries(${target} PRIVATE "$<LINK_GROUP:RESCAN,${static_files}>" ${system_libraries})
  else()
    target_link_libraries(${target} PRIVATE ${static_files} ${system_libraries})
  endif()
  separate_arguments(definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
  target_compile_options(${target} PRIVATE ${definitions})
  if(NOT MSVC)
    target_compile_options(${target} PRIVATE
      -fno-exceptions -ffunction-sections -fdata-sections $<$<NOT:$<BOOL:${LLVM_ENABLE_RTTI}>>:-fno-rtti>)
  else()
    # As LLVM's HandleLLVMOptions says it to Microsoft's compiler.
    target_compile_options(${target} PRIVATE /bigobj /Zc:preprocessor /EHs-c-)
  endif()
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_options(${target} PRIVATE LINKER:--gc-sections LINKER:--as-needed)
  elseif(APPLE)
    target_link_options(${target} PRIVATE LINKER:-dead_strip)
  endif()
  install(TARGETS ${target} RUNTIME DESTINATION bin COMPONENT mlir-sdk)
endfunction()

foreach(program IN LISTS missing)
  sdk_generator(${program})
endforeach()
