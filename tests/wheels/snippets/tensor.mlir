func.func @slice(%x: tensor<8x8xf32>, %i: index) -> tensor<?x4xf32> {
  %size = tensor.dim %x, %i : tensor<8x8xf32>
  %slice = tensor.extract_slice %x[%i, 0] [%size, 4] [1, 1] : tensor<8x8xf32> to tensor<?x4xf32>
  return %slice : tensor<?x4xf32>
}
