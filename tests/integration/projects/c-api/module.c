int mlirAnswer(void);
#ifdef _WIN32
__declspec(dllexport)
#endif
int moduleAnswer(void) { return mlirAnswer(); }
