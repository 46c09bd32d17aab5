# The small programs, which need nothing but LLVMSupport and TableGen: each is one file on PATH.

# standalone_program(NAME): taken from the MLIR that is built against where it is
# what would be made here, compiled otherwise.
function(standalone_program name)
  set(ready "${LLVM_TOOLS_BINARY_DIR}/${name}${CMAKE_EXECUTABLE_SUFFIX}")
  # A program of an LLVM that was made with libLLVM or with libraries of the system links to these.
  if(NOT LLVM_LINK_LLVM_DYLIB AND NOT foreign_libraries AND EXISTS "${ready}")
    message(STATUS "${name}: ${ready} as it is")
    install(PROGRAMS "${ready}" DESTINATION "${SKBUILD_SCRIPTS_DIR}" COMPONENT mlir-tools)
    return()
  endif()
  upstream_sources(sources ${name} AVAILABLE ${STATIC_LIBRARIES})
  if(NOT sources)
    return()
  endif()
  message(STATUS "${name}: compiled")
  tools_executable(${name} LIBRARIES ${STATIC_FILES})
  target_sources(tool.${name} PRIVATE ${sources})
  install(TARGETS tool.${name} RUNTIME DESTINATION "${SKBUILD_SCRIPTS_DIR}" COMPONENT mlir-tools)
endfunction()

foreach(program IN ITEMS FileCheck not count split-file tblgen-lsp-server mlir-tblgen)
  standalone_program(${program})
endforeach()
