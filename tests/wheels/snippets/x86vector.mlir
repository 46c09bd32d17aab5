func.func @compress(%mask: vector<16xi1>, %a: vector<16xf32>) -> vector<16xf32> {
  %packed = x86vector.avx512.mask.compress %mask, %a : vector<16xf32>
  return %packed : vector<16xf32>
}
