func.func @sum(%a: memref<?xf32>, %i: index) -> f32 {
  %zero = arith.constant 0.0 : f32
  %x = vector.transfer_read %a[%i], %zero {in_bounds = [true]} : memref<?xf32>, vector<8xf32>
  %y = vector.broadcast %zero : f32 to vector<8xf32>
  %z = vector.fma %x, %x, %y : vector<8xf32>
  %sum = vector.reduction <add>, %z : vector<8xf32> into f32
  return %sum : f32
}
