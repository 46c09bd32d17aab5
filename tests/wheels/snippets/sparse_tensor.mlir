#CSR = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @convert(%x: tensor<8x8xf64>) -> memref<?xi32> {
  %sparse = sparse_tensor.convert %x : tensor<8x8xf64> to tensor<8x8xf64, #CSR>
  %positions = sparse_tensor.positions %sparse {level = 1 : index} : tensor<8x8xf64, #CSR> to memref<?xi32>
  return %positions : memref<?xi32>
}
