func.func @zero(%a: memref<?x?xbf16>, %i: index) {
  %tile = amx.tile_zero : !amx.tile<16x16xbf16>
  amx.tile_store %a[%i, %i], %tile : memref<?x?xbf16>, !amx.tile<16x16xbf16>
  return
}
