// For a program with LLVM's options for code generation; these must not be taken for its own.

#pragma once

#include "Multicall.h"

[[maybe_unused]] static const bool multicallCodeGenOptions = multicall::registerCodeGenOptions();
