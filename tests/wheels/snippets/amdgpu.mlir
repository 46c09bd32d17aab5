func.func @convert(%v: vector<4xf8E4M3FNUZ>) -> f32 {
  amdgpu.lds_barrier
  %x = amdgpu.ext_packed_fp8 %v[0] : vector<4xf8E4M3FNUZ> to f32
  return %x : f32
}
