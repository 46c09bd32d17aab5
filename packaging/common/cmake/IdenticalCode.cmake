# Functions of the same machine code, of which LLVM's templates make many, linked once: a tenth of a library.
# "safe" leaves those apart whose addresses are compared, as clang notes in each object file.
include(CheckLinkerFlag)
check_linker_flag(CXX "LINKER:--icf=safe" LINKER_FOLDS_IDENTICAL_CODE)

# fold_identical_code(TARGET): where the linker can (lld, mold, gold).
function(fold_identical_code target)
  if(LINKER_FOLDS_IDENTICAL_CODE)
    target_link_options(${target} PRIVATE LINKER:--icf=safe)
  endif()
endfunction()
