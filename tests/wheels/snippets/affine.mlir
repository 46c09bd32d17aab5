func.func @sum(%a: memref<?xf32>, %n: index) -> f32 {
  %zero = arith.constant 0.0 : f32
  %sum = affine.for %i = 0 to min affine_map<(d0) -> (d0, 16)>(%n) iter_args(%acc = %zero) -> f32 {
    %x = affine.load %a[%i mod 4] : memref<?xf32>
    %next = arith.addf %acc, %x : f32
    affine.yield %next : f32
  }
  return %sum : f32
}
