int llvmAnswer(void);
int internalAnswer(void) { return llvmAnswer(); }
