#include "llvm/Support/raw_ostream.h"
#include "llvm/Config/llvm-config.h"

int main() {
  llvm::outs() << "LLVM " << LLVM_VERSION_STRING << "\n";
  return 0;
}
