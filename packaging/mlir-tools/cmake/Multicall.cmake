# One program that holds MLIR and LLVM once, and is each of those that need them; and for each of these
# a launcher of a few kilobytes on PATH, which starts it under the right name.

# Upstream's tests run on these programs, which know the test dialects and passes as upstream's do.
if(NOT TARGET MLIRTestDialect)
  message(FATAL_ERROR
    "The MLIR in ${MLIR_DIR} has no test libraries (MLIRTestDialect), which mlir-opt is linked from: "
    "build against one that was installed with them")
endif()
add_definitions(-DMLIR_INCLUDE_TESTS)

set(multicall_programs
  mlir-opt mlir-translate mlir-runner mlir-reduce mlir-rewrite mlir-query
  mlir-lsp-server mlir-pdll-lsp-server llc opt)
set(multicall_folder "libexec/mlir-tools")
set(multicall_name "mlir-tools-multicall")

tools_executable(${multicall_name} LIBRARIES ${STATIC_FILES})
target_include_directories(tool.${multicall_name} PRIVATE src "${CMAKE_CURRENT_BINARY_DIR}/replaced")
if(NOT MSVC)
  # main may end without a return, a function of another name may not.
  target_compile_options(tool.${multicall_name} PRIVATE -Werror=return-type)
endif()

# multicall_source(PROGRAM SOURCE): one source file of one program, in which main has another name, and whose
# options are the program's own. Which of them it shares, or has to be kept from, is seen in the source.
function(multicall_source program source)
  string(MAKE_C_IDENTIFIER "${program}_main" function)
  set(before "")
  foreach(rule IN ITEMS RegisterCodeGenFlags:CodeGenOptions PassNameParser:OptPassNames)
    string(REPLACE ":" ";" rule "${rule}")
    list(POP_FRONT rule word header)
    file(STRINGS "${source}" lines REGEX "${word}" LIMIT_COUNT 1)
    if(lines)
      string(APPEND before "#include \"${header}.h\"\n")
    endif()
  endforeach()
  cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${LLVM_PROJECT_SOURCE}" OUTPUT_VARIABLE name)
  string(MAKE_C_IDENTIFIER "${name}" name)
  set(unit "${CMAKE_CURRENT_BINARY_DIR}/units/${program}.${name}.cpp")
  configure_file(src/Unit.cpp.in "${unit}" @ONLY)
  target_sources(tool.${multicall_name} PRIVATE "${unit}")
endfunction()

foreach(program IN LISTS multicall_programs)
  upstream_sources(sources ${program} AVAILABLE ${STATIC_LIBRARIES})
  foreach(source IN LISTS sources)
    multicall_source(${program} "${source}")
  endforeach()
  if(NOT sources)
    list(REMOVE_ITEM multicall_programs ${program})
  endif()
endforeach()

# Polly, which a distribution's LLVM may name here, comes as a library of its own that is not carried.
file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/replaced/llvm/Support/Extension.def" "#undef HANDLE_EXTENSION\n")
if(LLVM_ENABLE_LIBEDIT)
  message(STATUS "This LLVM edits lines with libedit; mlir-query is built without")
  file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/replaced/llvm/Config/config.h" "// No libedit.\n")
  target_sources(tool.${multicall_name} PRIVATE "${LLVM_PROJECT_SOURCE}/llvm/lib/LineEditor/LineEditor.cpp")
endif()

set(table "")
foreach(program IN LISTS multicall_programs)
  string(MAKE_C_IDENTIFIER "${program}_main" function)
  string(APPEND table "PROGRAM(\"${program}\", ${function})\n")
endforeach()
file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/units/Programs.def" CONTENT "${table}")
target_sources(tool.${multicall_name} PRIVATE src/Multicall.cpp)
target_include_directories(tool.${multicall_name} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/units")
install(TARGETS tool.${multicall_name}
  RUNTIME DESTINATION "${SKBUILD_DATA_DIR}/${multicall_folder}"
  COMPONENT mlir-tools)

foreach(program IN LISTS multicall_programs)
  add_executable(launcher.${program} src/launcher.c)
  target_compile_definitions(launcher.${program} PRIVATE
    TOOL="${program}" PROGRAM="../${multicall_folder}/${multicall_name}")
  set_target_properties(launcher.${program} PROPERTIES
    OUTPUT_NAME "${program}" RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/launchers")
  install(TARGETS launcher.${program}
    RUNTIME DESTINATION "${SKBUILD_SCRIPTS_DIR}"
    COMPONENT mlir-tools)
endforeach()
