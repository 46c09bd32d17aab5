gpu.module @kernels {
  gpu.func @load(%source: memref<24x32xf32>) {
    %descriptor = xegpu.create_nd_tdesc %source[0, 0] : memref<24x32xf32> -> !xegpu.tensor_desc<8x16xf32>
    gpu.return
  }
}
