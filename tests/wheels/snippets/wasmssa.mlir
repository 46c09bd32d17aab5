wasmssa.func @sum() -> i32 {
  %local = wasmssa.local of type i32
  %a = wasmssa.const 8 : i32
  %b = wasmssa.const 12 : i32
  %sum = wasmssa.add %a %b : i32
  wasmssa.return %sum : i32
}
