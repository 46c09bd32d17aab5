module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @scale(%a: memref<?xf32>) kernel {
      %i = gpu.thread_id x
      gpu.barrier
      gpu.return
    }
  }
  func.func @host(%a: memref<?xf32>, %n: index) {
    %token = gpu.wait async
    %launched = gpu.launch_func async [%token] @kernels::@scale
        blocks in (%n, %n, %n) threads in (%n, %n, %n) args(%a : memref<?xf32>)
    gpu.wait [%launched]
    return
  }
}
