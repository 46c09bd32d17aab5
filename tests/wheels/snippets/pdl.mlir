pdl.pattern @remove : benefit(1) {
  %type = type : i32
  %input = operand : %type
  %operation = operation "example.identity"(%input : !pdl.value) -> (%type : !pdl.type)
  rewrite %operation {
    replace %operation with (%input : !pdl.value)
  }
}
