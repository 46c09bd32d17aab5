func.func @dequantize(%x: tensor<4x!quant.uniform<i8:f32, 0.5:10>>) -> tensor<4xf32> {
  %y = quant.dcast %x : tensor<4x!quant.uniform<i8:f32, 0.5:10>> to tensor<4xf32>
  return %y : tensor<4xf32>
}
