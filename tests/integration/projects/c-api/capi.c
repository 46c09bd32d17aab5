int internalAnswer(void);
int mlirAnswer(void) { return internalAnswer(); }
int mlirQuestion(void) { return 6 * 7; }
int notOfTheApi(void) { return 0; }
