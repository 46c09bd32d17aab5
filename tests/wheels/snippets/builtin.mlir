module @outer attributes {test.layout = affine_map<(d0, d1) -> (d1, d0)>, test.set = affine_set<(d0) : (d0 >= 0)>} {
  module @inner {
    func.func @cast(%x: tuple<i3, complex<f16>>) -> si8 {
      %y = builtin.unrealized_conversion_cast %x : tuple<i3, complex<f16>> to si8
      return %y : si8
    }
  }
}
