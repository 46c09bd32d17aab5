func.func @buffer(%n: index) -> memref<?xf32> {
  %tensor = bufferization.alloc_tensor(%n) : tensor<?xf32>
  %buffer = bufferization.to_buffer %tensor : tensor<?xf32> to memref<?xf32>
  return %buffer : memref<?xf32>
}
