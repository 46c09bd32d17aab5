# How every program of this package is compiled, linked and installed.

include(StaticLibraries)
include(IdenticalCode)
include(UpstreamTools)

# All of MLIR and LLVM, as files: their targets may say to link to libLLVM and libMLIR, which would come
# along. The linker takes what a program needs.
all_static_libraries(STATIC_FILES SYSTEM_LIBRARIES)
list(TRANSFORM STATIC_FILES REPLACE "^\\$<TARGET_FILE:(.*)>$" "\\1" OUTPUT_VARIABLE STATIC_LIBRARIES)
set(foreign_libraries ${SYSTEM_LIBRARIES})
list(FILTER foreign_libraries INCLUDE REGEX "::|/")

# A library that a repaired wheel would have to carry cannot be found by a program in the
# environment's bin folder, so the static form is linked where there is one.
foreach(library IN LISTS foreign_libraries)
  set(file "${library}")
  if(TARGET ${library})
    get_target_property(file ${library} LOCATION)
  endif()
  string(REGEX REPLACE "\\.so$" ".a" static "${file}")
  if(NOT static STREQUAL file AND EXISTS "${static}")
    message(STATUS "Linking ${static} instead of ${library}")
    list(REMOVE_ITEM SYSTEM_LIBRARIES "${library}")
    list(APPEND SYSTEM_LIBRARIES "${static}")
  endif()
endforeach()

if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  # Not position-independent: nobody loads a program into another, and the 330,000 relocations of the
  # one that holds all of MLIR are a sixth of its start-up time.
  add_link_options(LINKER:--gc-sections LINKER:--as-needed -no-pie)
elseif(APPLE)
  add_link_options(LINKER:-dead_strip)
endif()

# tools_executable(NAME [LIBRARIES file ...]): what each program has in common.
function(tools_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "LIBRARIES")
  # The plain name may be taken by the imported program of the MLIR that is built against.
  set(target "tool.${name}")
  add_executable(${target})
  llvm_update_compile_flags(${target})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME "${name}" RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/programs")
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_libraries(${target} PRIVATE "$<LINK_GROUP:RESCAN,${ARG_LIBRARIES}>" ${SYSTEM_LIBRARIES})
  else()
    target_link_libraries(${target} PRIVATE ${ARG_LIBRARIES} ${SYSTEM_LIBRARIES})
  endif()
  fold_identical_code(${target})
endfunction()
