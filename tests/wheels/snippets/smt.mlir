smt.solver() : () -> () {
  %a = smt.declare_fun "a" : !smt.bv<8>
  %b = smt.bv.constant #smt.bv<5> : !smt.bv<8>
  %equal = smt.eq %a, %b : !smt.bv<8>
  smt.assert %equal
}
