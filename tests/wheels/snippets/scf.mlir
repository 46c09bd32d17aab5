func.func @count(%n: index, %flag: i1) -> i32 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %start = arith.constant 0 : i32
  %unit = arith.constant 1 : i32
  %sum = scf.for %i = %zero to %n step %one iter_args(%acc = %start) -> (i32) {
    %next = scf.if %flag -> (i32) {
      %more = arith.addi %acc, %unit : i32
      scf.yield %more : i32
    } else {
      scf.yield %acc : i32
    }
    scf.yield %next : i32
  }
  return %sum : i32
}
