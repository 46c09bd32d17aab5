# Targets that mlir/python names and only a build of MLIR has; the files they stand for are installed.
foreach(helper IN ITEMS acc_common_td omp_common_td LinalgOdsGen)
  if(NOT TARGET ${helper})
    add_custom_target(${helper})
  endif()
endforeach()
