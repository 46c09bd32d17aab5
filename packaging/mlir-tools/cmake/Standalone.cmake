# The small programs, which need nothing but LLVMSupport and TableGen: each is one file on PATH.

# standalone_program(NAME FOLDER source ...): taken from the MLIR that is built against where it is
# what would be made here, compiled otherwise.
function(standalone_program name folder)
  set(ready "${LLVM_TOOLS_BINARY_DIR}/${name}${CMAKE_EXECUTABLE_SUFFIX}")
  # A program of an LLVM that was made with libLLVM or with libraries of the system links to these.
  if(NOT LLVM_LINK_LLVM_DYLIB AND NOT foreign_libraries AND EXISTS "${ready}")
    message(STATUS "${name}: ${ready} as it is")
    install(PROGRAMS "${ready}" DESTINATION "${SKBUILD_SCRIPTS_DIR}" COMPONENT mlir-tools)
    return()
  endif()
  message(STATUS "${name}: compiled from ${folder}")
  tools_executable(${name} LIBRARIES ${STATIC_FILES})
  list(TRANSFORM ARGN PREPEND "${LLVM_PROJECT_SOURCE}/${folder}/")
  target_sources(tool.${name} PRIVATE ${ARGN})
  install(TARGETS tool.${name} RUNTIME DESTINATION "${SKBUILD_SCRIPTS_DIR}" COMPONENT mlir-tools)
endfunction()

standalone_program(FileCheck llvm/utils/FileCheck FileCheck.cpp)
standalone_program(not llvm/utils/not not.cpp)
standalone_program(count llvm/utils/count count.c)
standalone_program(split-file llvm/utils/split-file split-file.cpp)
standalone_program(tblgen-lsp-server mlir/tools/tblgen-lsp-server
  tblgen-lsp-server.cpp
  ../../lib/Tools/tblgen-lsp-server/LSPServer.cpp
  ../../lib/Tools/tblgen-lsp-server/TableGenLspServerMain.cpp
  ../../lib/Tools/tblgen-lsp-server/TableGenServer.cpp)
file(GLOB generators CONFIGURE_DEPENDS
  RELATIVE "${LLVM_PROJECT_SOURCE}/mlir/tools/mlir-tblgen"
  "${LLVM_PROJECT_SOURCE}/mlir/tools/mlir-tblgen/*.cpp")
standalone_program(mlir-tblgen mlir/tools/mlir-tblgen ${generators})
