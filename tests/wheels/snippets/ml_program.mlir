ml_program.global private mutable @weights(dense<4> : tensor<4xi32>) : tensor<4xi32>
ml_program.func @step(%x: tensor<4xi32>) -> tensor<4xi32> {
  %weights = ml_program.global_load @weights : tensor<4xi32>
  ml_program.global_store @weights = %x : tensor<4xi32>
  ml_program.return %weights : tensor<4xi32>
}
