int llvmAnswer(void) { return 42; }
