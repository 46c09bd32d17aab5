#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

#include "TinyDialect.h.inc"
#include "TinyDialect.cpp.inc"

void tiny::TinyDialect::initialize() {}

int main() {
  mlir::MLIRContext context;
  mlir::Dialect *dialect = context.getOrLoadDialect<tiny::TinyDialect>();
  auto module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  llvm::outs() << dialect->getNamespace() << ": " << *module << "\n";
  module->erase();
}
