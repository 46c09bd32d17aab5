// For opt, which makes an option of every LLVM pass that is registered: in the other programs these
// would meet options of theirs, such as the names of MLIR's passes.

#include "CodeGenOptions.h"
#include "llvm/IR/LegacyPassNameParser.h"

namespace multicall {

class OptPassNames : public llvm::PassNameParser {
public:
  explicit OptPassNames(llvm::cl::Option &option) : PassNameParser(option) {
    atStart({"opt"}, [this] {
      started = true;
      enumeratePasses();
    });
  }

  void passRegistered(const llvm::PassInfo *pass) override {
    if (started)
      PassNameParser::passRegistered(pass);
  }

private:
  bool started = false;
};

} // namespace multicall

#define PassNameParser ::multicall::OptPassNames
