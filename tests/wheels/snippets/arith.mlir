func.func @mixed(%a: i32, %b: i32, %x: f64) -> i1 {
  %sum, %overflow = arith.addui_extended %a, %b : i32, i1
  %y = arith.sitofp %sum : i32 to f64
  %z = arith.mulf %x, %y fastmath<nnan,contract> : f64
  %less = arith.cmpf olt, %z, %x : f64
  %result = arith.andi %less, %overflow : i1
  return %result : i1
}
