// The main of the program that is all the others; which one is in argv[0].

#include "Multicall.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/CodeGen/CommandFlags.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <utility>
#include <vector>

using namespace llvm;

#define PROGRAM(NAME, FUNCTION) int FUNCTION(int argc, char **argv);
#include "Programs.def"
#undef PROGRAM

namespace {
struct Program {
  StringRef name;
  int (*function)(int, char **);
};

constexpr Program allPrograms[] = {
#define PROGRAM(NAME, FUNCTION) {NAME, FUNCTION},
#include "Programs.def"
#undef PROGRAM
};

using Actions = std::vector<std::pair<multicall::Names, std::function<void()>>>;

/// A function's own variable is there for every global one that asks for it.
Actions &actions() {
  static Actions all;
  return all;
}

SmallVector<cl::Option *> registeredOptions() {
  cl::SubCommand &table = cl::SubCommand::getTopLevel();
  SetVector<cl::Option *> options;
  options.insert_range(table.PositionalOpts);
  options.insert_range(table.SinkOpts);
  options.insert_range(make_second_range(table.OptionsMap));
  if (table.ConsumeAfterOpt)
    options.insert(table.ConsumeAfterOpt);
  return options.takeVector();
}
} // namespace

void multicall::atStart(Names programs, std::function<void()> action) {
  actions().emplace_back(std::move(programs), std::move(action));
}

multicall::OptionScope::OptionScope(Names programs)
    : programs(std::move(programs)), before(registeredOptions()) {}

bool multicall::OptionScope::close() {
  SmallVector<cl::Option *> own = registeredOptions();
  erase_if(own, [&](cl::Option *option) { return is_contained(before, option); });
  for (cl::Option *option : own)
    option->removeArgument();
  atStart(programs, [own] {
    for (cl::Option *option : own)
      option->addArgument();
  });
  return true;
}

bool multicall::registerCodeGenOptions() {
  static const bool registered = [] {
    OptionScope scope({"llc", "opt"});
    static codegen::RegisterCodeGenFlags codeGenFlags;
    static codegen::RegisterSaveStatsFlag saveStatsFlag;
    return scope.close();
  }();
  return registered;
}

int main(int argc, char **argv) {
  StringRef name = argc > 0 ? sys::path::filename(argv[0]) : "";
  name.consume_back(".exe");
  const Program *program = find_if(allPrograms, [&](const Program &one) { return one.name == name; });
  if (program == std::end(allPrograms)) {
    errs() << "'" << name << "' is none of the programs in this one; start it as";
    for (const Program &one : allPrograms)
      errs() << ' ' << one.name;
    errs() << '\n';
    return 2;
  }
  for (auto &[programs, action] : actions())
    if (is_contained(programs, name))
      action();
  return program->function(argc, argv);
}
