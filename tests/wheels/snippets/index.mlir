func.func @divide(%a: index, %b: index) -> i1 {
  %quotient = index.floordivs %a, %b
  %seven = index.constant 7
  %equal = index.cmp eq(%quotient, %seven)
  return %equal : i1
}
