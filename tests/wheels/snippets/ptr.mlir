func.func @advance(%p: !ptr.ptr<#ptr.generic_space>) -> !ptr.ptr<#ptr.generic_space> {
  %size = ptr.type_offset f32 : index
  %next = ptr.ptr_add inbounds %p, %size : !ptr.ptr<#ptr.generic_space>, index
  return %next : !ptr.ptr<#ptr.generic_space>
}
