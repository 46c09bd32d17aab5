func.func @value() -> f32 {
  %token, %future = async.execute -> !async.value<f32> {
    %x = arith.constant 1.0 : f32
    async.yield %x : f32
  }
  async.await %token : !async.token
  %x = async.await %future : !async.value<f32>
  return %x : f32
}
