func.func @elements(%shape: !shape.shape) -> !shape.size {
  %one = shape.const_size 1
  %count = shape.reduce(%shape, %one) : !shape.shape -> !shape.size {
  ^bb0(%index: index, %extent: !shape.size, %acc: !shape.size):
    %next = shape.mul %acc, %extent : !shape.size, !shape.size -> !shape.size
    shape.yield %next : !shape.size
  }
  return %count : !shape.size
}
