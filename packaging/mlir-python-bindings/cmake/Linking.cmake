# Libraries that need no more than they use, and take it from where it was when they were linked.

# Each library takes a few functions from LLVMSupport; its rest, and what that would link to,
# need not come along. (Microsoft's linker leaves it out unasked.)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  add_link_options(LINKER:--gc-sections LINKER:--as-needed)
elseif(APPLE)
  add_link_options(LINKER:-dead_strip)
  # LLVM's flags for modules would have each symbol taken from whatever library of the process has one of
  # that name: from another package's MLIR.
  string(REPLACE "-flat_namespace" "-twolevel_namespace" CMAKE_MODULE_LINKER_FLAGS "${CMAKE_MODULE_LINKER_FLAGS}")
endif()
