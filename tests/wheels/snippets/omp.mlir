func.func @loop(%low: i32, %high: i32, %step: i32) {
  omp.parallel {
    omp.wsloop {
      omp.loop_nest (%i) : i32 = (%low) to (%high) step (%step) {
        omp.yield
      }
    }
    omp.terminator
  }
  return
}
