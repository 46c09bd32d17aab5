func.func @square(%z: complex<f64>) -> complex<f64> {
  %one = complex.constant [1.0, 0.0] : complex<f64>
  %square = complex.mul %z, %z : complex<f64>
  %sum = complex.add %square, %one : complex<f64>
  return %sum : complex<f64>
}
