pdl_interp.func @matcher(%operation: !pdl.operation) {
  pdl_interp.check_operation_name of %operation is "example.identity" -> ^done, ^done
^done:
  pdl_interp.finalize
}
