shard.grid @grid(shape = 2x4)
func.func @reduce(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %sharding = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %y = shard.shard %x to %sharding : tensor<4x8xf32>
  %sum = shard.all_reduce %y on @grid grid_axes = [0] reduction = sum : tensor<4x8xf32> -> tensor<4x8xf32>
  return %sum : tensor<4x8xf32>
}
