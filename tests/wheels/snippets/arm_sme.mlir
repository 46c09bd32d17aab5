func.func @tile() -> vector<[4]x[4]xf32> {
  %tile = arm_sme.zero : vector<[4]x[4]xf32>
  return %tile : vector<[4]x[4]xf32>
}
