module attributes {
  dlti.dl_spec = #dlti.dl_spec<index = 32 : i64, "dlti.endianness" = "little">,
  dlti.map = #dlti.map<"key" = 42 : i64, i32 = "value">
} {
}
