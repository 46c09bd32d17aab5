# On Windows, Microsoft's C and C++ runtime is linked into every program and library (/MT), as it is into the
# SDK's static libraries: objects of both kinds do not link with each other, and no wheel has to carry it.
if(NOT DEFINED CMAKE_MSVC_RUNTIME_LIBRARY)
  set(CMAKE_MSVC_RUNTIME_LIBRARY MultiThreaded)
endif()
