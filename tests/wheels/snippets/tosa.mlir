func.func @activation(%x: tensor<13x21x3xf32>) -> tensor<13x21x3xf32> {
  %y = tosa.tanh %x : (tensor<13x21x3xf32>) -> tensor<13x21x3xf32>
  %z = tosa.add %x, %y : (tensor<13x21x3xf32>, tensor<13x21x3xf32>) -> tensor<13x21x3xf32>
  return %z : tensor<13x21x3xf32>
}
