llvm.func @thread() -> i32 {
  %x = rocdl.workitem.id.x : i32
  rocdl.s.barrier
  llvm.return %x : i32
}
