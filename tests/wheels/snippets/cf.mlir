func.func @choose(%condition: i1, %a: i32, %b: i32) -> i32 {
  cf.assert %condition, "must hold"
  cf.cond_br %condition, ^done(%a : i32), ^other
^other:
  cf.br ^done(%b : i32)
^done(%result: i32):
  return %result : i32
}
