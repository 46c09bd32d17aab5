func.func private @extern(i32) -> (i32, f32 {name.hint = "second"})
func.func @call(%a: i32) -> i32 attributes {llvm.emit_c_interface} {
  %first, %second = func.call @extern(%a) : (i32) -> (i32, f32)
  %itself = func.constant @call : (i32) -> i32
  %result = func.call_indirect %itself(%first) : (i32) -> i32
  func.return %result : i32
}
