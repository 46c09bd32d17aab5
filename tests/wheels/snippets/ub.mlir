func.func @poison() -> vector<4xi32> {
  %x = ub.poison : vector<4xi32>
  return %x : vector<4xi32>
}
