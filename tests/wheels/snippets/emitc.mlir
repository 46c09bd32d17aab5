emitc.include <"stdint.h">
emitc.func @sum(%a: i32, %b: i32) -> i32 {
  %sum = emitc.add %a, %b : (i32, i32) -> i32
  %text = emitc.call_opaque "to_string"(%sum) : (i32) -> !emitc.opaque<"std::string">
  emitc.return %sum : i32
}
