spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader], []> {
  spirv.func @add(%a: f32, %b: f32) -> f32 "None" {
    %sum = spirv.FAdd %a, %b : f32
    spirv.ReturnValue %sum : f32
  }
}
