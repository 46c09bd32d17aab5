func.func @distance(%x: f32, %y: vector<4xf64>) -> f32 {
  %root = math.sqrt %x : f32
  %wide = math.fma %y, %y, %y : vector<4xf64>
  %power = math.powf %root, %x fastmath<fast> : f32
  return %power : f32
}
