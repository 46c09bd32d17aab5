llvm.mlir.global internal constant @text("hello\00") {addr_space = 0 : i32}
llvm.func @puts(!llvm.ptr) -> i32
llvm.func @main(%n: i64) -> i32 {
  %text = llvm.mlir.addressof @text : !llvm.ptr
  %element = llvm.getelementptr inbounds %text[0, %n] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<6 x i8>
  %pair = llvm.mlir.undef : !llvm.struct<"pair", (i32, ptr)>
  %result = llvm.call @puts(%element) : (!llvm.ptr) -> i32
  llvm.return %result : i32
}
