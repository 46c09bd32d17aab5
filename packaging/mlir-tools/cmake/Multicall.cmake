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

# multicall_source(PROGRAM SOURCE [INCLUDE header]): one source file of one program, in which main has
# another name, and whose options are the program's own.
function(multicall_source program source)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "INCLUDE" "")
  string(MAKE_C_IDENTIFIER "${program}_main" function)
  set(source "${LLVM_PROJECT_SOURCE}/${source}")
  set(before "")
  if(ARG_INCLUDE)
    set(before "#include \"${ARG_INCLUDE}\"")
  endif()
  cmake_path(GET source STEM stem)
  set(unit "${CMAKE_CURRENT_BINARY_DIR}/units/${program}.${stem}.cpp")
  configure_file(src/Unit.cpp.in "${unit}" @ONLY)
  target_sources(tool.${multicall_name} PRIVATE "${unit}")
endfunction()

foreach(program IN LISTS multicall_programs)
  if(program MATCHES "^mlir-")
    multicall_source(${program} "mlir/tools/${program}/${program}.cpp")
  endif()
endforeach()
multicall_source(llc llvm/tools/llc/llc.cpp INCLUDE CodeGenOptions.h)
multicall_source(llc llvm/tools/llc/NewPMDriver.cpp)
multicall_source(opt llvm/tools/opt/opt.cpp)
multicall_source(opt llvm/tools/opt/optdriver.cpp INCLUDE OptPassNames.h)
multicall_source(opt llvm/tools/opt/NewPMDriver.cpp)

# Libraries that an MLIR does not install.
set(pdll "${LLVM_PROJECT_SOURCE}/mlir/lib/Tools")
target_sources(tool.${multicall_name} PRIVATE
  "${pdll}/PDLL/Parser/CodeComplete.cpp"
  "${pdll}/PDLL/Parser/Lexer.cpp"
  "${pdll}/PDLL/Parser/Parser.cpp"
  "${pdll}/mlir-pdll-lsp-server/LSPServer.cpp"
  "${pdll}/mlir-pdll-lsp-server/MlirPdllLspServerMain.cpp"
  "${pdll}/mlir-pdll-lsp-server/PDLLServer.cpp"
  "${pdll}/mlir-pdll-lsp-server/Protocol.cpp")

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
