// Several programs in one.
//
// LLVM's programs declare their options as global variables, which enter one table before main runs. Two
// programs may use one name, and none should show the others' options. So the options of each source
// file are taken out of the table at once, and put back when their program is the one that is started.

#ifndef MLIR_TOOLS_MULTICALL_H
#define MLIR_TOOLS_MULTICALL_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/CommandLine.h"
#include <functional>

namespace multicall {

using Names = llvm::SmallVector<llvm::StringRef, 2>;

/// Remembers what is to be done just before main of one of these programs.
void atStart(Names programs, std::function<void()> action);

/// Options that are registered between its construction and close() are those of these programs alone.
class OptionScope {
public:
  explicit OptionScope(Names programs);
  /// Always true, so that it can initialize a global variable: those of one file are in order.
  bool close();

private:
  Names programs;
  llvm::SmallVector<llvm::cl::Option *> before;
};

/// Registers the options for code generation, which llc and opt share and the first to ask for makes.
bool registerCodeGenOptions();

} // namespace multicall

#endif
