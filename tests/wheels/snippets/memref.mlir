memref.global "private" constant @table : memref<2x2xi32> = dense<[[1, 2], [3, 4]]>
func.func @view(%i: index) -> i32 {
  %table = memref.get_global @table : memref<2x2xi32>
  %row = memref.subview %table[%i, 0] [1, 2] [1, 1] : memref<2x2xi32> to memref<2xi32, strided<[1], offset: ?>>
  %x = memref.load %row[%i] : memref<2xi32, strided<[1], offset: ?>>
  return %x : i32
}
