llvm.func @thread() -> i32 {
  %x = nvvm.read.ptx.sreg.tid.x : i32
  nvvm.barrier0
  llvm.return %x : i32
}
