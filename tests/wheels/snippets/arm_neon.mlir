func.func @widen(%a: vector<8xi8>, %b: vector<8xi8>) -> vector<8xi16> {
  %product = arm_neon.intr.smull %a, %b : vector<8xi8> to vector<8xi16>
  return %product : vector<8xi16>
}
