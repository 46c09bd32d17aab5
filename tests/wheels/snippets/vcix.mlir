llvm.func @binary(%a: vector<[4]xf32>, %b: f32, %length: i64) -> vector<[4]xf32> {
  %c = "vcix.v.sv"(%a, %b, %length) <{opcode = 1 : i64}> : (vector<[4]xf32>, f32, i64) -> vector<[4]xf32>
  llvm.return %c : vector<[4]xf32>
}
