# Programs that generate code and that the prefix does not have in a form that can be shipped.
#
# Upstream installs no mlir-src-sharder and no mlir-irdl-to-cpp, although its CMake package names
# them; a distribution's others may need its libLLVM. They are compiled from the source, linked to
# the static libraries.

set(tools "${LLVM_PROJECT_SOURCE}/mlir/tools")
file(STRINGS "${SDK_LAYOUT}/compiled-programs.txt" missing)

# sdk_generator(NAME SOURCES ... LINK ...): compile it, if it is one of those.
function(sdk_generator name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;LINK")
  if(NOT name IN_LIST missing)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${ARG_SOURCES})
  # The plain name is the imported target's.
  set(target "generator.${name}")
  add_executable(${target} ${sources})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME "${name}" CXX_STANDARD 17)
  target_include_directories(${target} SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_link_libraries(${target} PRIVATE ${ARG_LINK})
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

sdk_generator(mlir-tblgen
  SOURCES "${tools}/mlir-tblgen/*.cpp"
  LINK MLIRTblgenLib LLVMTableGen LLVMCodeGenTypes LLVMSupport)
# The parser is a library that upstream does not install.
sdk_generator(mlir-pdll
  SOURCES "${tools}/mlir-pdll/*.cpp" "${LLVM_PROJECT_SOURCE}/mlir/lib/Tools/PDLL/Parser/*.cpp"
  LINK MLIRPDLLCodeGen MLIRPDLLODS MLIRPDLLAST MLIRTableGen MLIRIR LLVMTableGen LLVMSupport)
sdk_generator(mlir-linalg-ods-yaml-gen
  SOURCES "${tools}/mlir-linalg-ods-gen/*.cpp"
  LINK MLIRParser MLIRIR MLIRSupport LLVMCore LLVMSupport)
sdk_generator(mlir-src-sharder
  SOURCES "${tools}/mlir-src-sharder/*.cpp"
  LINK MLIRSupport LLVMTableGen LLVMSupport)
sdk_generator(mlir-irdl-to-cpp
  SOURCES "${tools}/mlir-irdl-to-cpp/*.cpp"
  LINK MLIRTargetIRDLToCpp MLIRIRDL MLIRParser MLIRIR MLIRSupport LLVMSupport)
sdk_generator(tblgen-to-irdl
  SOURCES "${tools}/tblgen-to-irdl/*.cpp"
  LINK MLIRTblgenLib MLIRIRDL MLIRIR MLIRSupport LLVMTableGen LLVMSupport)
