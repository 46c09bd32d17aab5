func.func @region(%a: memref<16xf32>) {
  %copied = acc.copyin varPtr(%a : memref<16xf32>) -> memref<16xf32>
  acc.parallel dataOperands(%copied : memref<16xf32>) {
    acc.yield
  }
  acc.delete accPtr(%copied : memref<16xf32>)
  return
}
