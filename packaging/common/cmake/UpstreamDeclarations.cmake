# Reads a CMakeLists.txt of llvm-project without building anything: which sources the programs and libraries
# that it declares have, and what they link to.
#
#   cmake -D FILE=CMakeLists.txt -D OUTPUT=FILE -P UpstreamDeclarations.cmake     (in the folder of FILE)
#
# The file is run with all commands that declare or do something replaced by one that notes what it is given;
# written is a file that sets `sources.NAME` (absolute paths) and `links.NAME` for each.
cmake_minimum_required(VERSION 3.28)

# What only sets variables or decides is left as it is.
set(kept if elseif else endif foreach endforeach while endwhile break continue set unset list string math option
  function endfunction macro endmacro return file get_filename_component get_property cmake_parse_arguments
  cmake_path message)
file(READ "${FILE}" text)
string(REGEX MATCHALL "(^|\n)[ \t]*[A-Za-z_][A-Za-z_0-9]*[ \t]*\\(" calls "${text}")
foreach(call IN LISTS calls)
  string(REGEX REPLACE "[^A-Za-z_0-9]" "" command "${call}")
  string(TOLOWER "${command}" lowered)
  if(NOT lowered IN_LIST kept)
    cmake_language(EVAL CODE "function(${command})\n  note(${lowered} \${ARGV})\nendfunction()")
  endif()
endforeach()

function(note command)
  set(name "${ARGV1}")
  set(arguments ${ARGN})
  if(command MATCHES "target_link_libraries$")
    list(POP_FRONT arguments)
    list(REMOVE_ITEM arguments PUBLIC PRIVATE INTERFACE)
    file(APPEND "${OUTPUT}" "list(APPEND links.${name} ${arguments})\n")
  elseif(command MATCHES "^(llvm_)?add_.*(tool|executable|utility|tablegen|library)$")
    cmake_parse_arguments(ARG "" "" "LINK_LIBS;LINK_COMPONENTS;DEPENDS;ADDITIONAL_HEADER_DIRS" ${arguments})
    list(REMOVE_ITEM ARG_LINK_LIBS PUBLIC PRIVATE INTERFACE)
    set(sources ${arguments})
    list(FILTER sources INCLUDE REGEX "\\.(c|cc|cpp)$")
    foreach(source IN LISTS sources)
      cmake_path(ABSOLUTE_PATH source NORMALIZE)
      file(APPEND "${OUTPUT}" "list(APPEND sources.${name} \"${source}\")\n")
    endforeach()
    file(APPEND "${OUTPUT}" "list(APPEND links.${name} ${ARG_LINK_LIBS})\n")
  endif()
endfunction()

set(MLIR_INCLUDE_TESTS ON)
file(WRITE "${OUTPUT}" "")
include("${FILE}")
