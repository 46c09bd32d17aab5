irdl.dialect @example {
  irdl.type @complex {
    %0 = irdl.is f32
    %1 = irdl.is f64
    %2 = irdl.any_of(%0, %1)
    irdl.parameters(elem: %2)
  }
  irdl.operation @norm {
    %0 = irdl.any
    %1 = irdl.parametric @example::@complex<%0>
    irdl.operands(input: %1)
    irdl.results(output: %0)
  }
}
