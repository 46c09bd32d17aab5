func.func @dot(%a: vector<[16]xi8>, %b: vector<[16]xi8>, %c: vector<[4]xi32>) -> vector<[4]xi32> {
  %sum = arm_sve.sdot %c, %a, %b : vector<[16]xi8> to vector<[4]xi32>
  return %sum : vector<[4]xi32>
}
