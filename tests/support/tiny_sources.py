"""Sources of a small extension and of the library that it links to, for any system, without any header.

Both are C++; the library throws what the extension catches. Of Python's interface there is what it needs, as
it is up to CPython 3.13 (not free-threaded).
"""

from __future__ import annotations

DEEPER = """\
extern "C"
#ifdef _WIN32
__declspec(dllexport)
#endif
int deeper(void) { return 21; }
"""
_TROUBLE = 'struct __attribute__((visibility("default"))) Trouble { int code; };\n'
FOREIGN = f"""\
{_TROUBLE}
#ifdef _WIN32
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED
#endif
extern "C" EXPORTED int foreign(int asked) {{
  if (asked < 0) throw Trouble{{-asked}};
  return asked;
}}
"""
NEEDING_DEEPER = (
    FOREIGN + 'extern "C" int deeper(void);\nextern "C" EXPORTED int more(void) { return deeper(); }\n'
)
EXTENSION = f"""\
{_TROUBLE}
struct PyObject;
struct PyMethodDef {{
  const char *name; PyObject *(*call)(PyObject *, PyObject *); int flags; const char *doc;
}};
struct PyModuleDef {{
  long long count; void *type, *init; long long index; void *copy;
  const char *name, *doc; long long size; PyMethodDef *methods; void *slots, *traverse, *clear, *free;
}};
extern "C" {{
PyObject *PyModule_Create2(PyModuleDef *, int);
PyObject *PyLong_FromLong(long);
int foreign(int);
}}
static PyObject *answer(PyObject *, PyObject *) {{ return PyLong_FromLong(foreign(42)); }}
static PyObject *caught(PyObject *, PyObject *) {{
  try {{ return PyLong_FromLong(foreign(-7)); }}
  catch (Trouble &it) {{ return PyLong_FromLong(it.code * 100); }}
}}
static PyMethodDef methods[] = {{{{"answer", answer, 4, nullptr}}, {{"caught", caught, 4, nullptr}}, {{}}}};
static PyModuleDef module = {{
  1, nullptr, nullptr, 0, nullptr, "_tiny", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr
}};
extern "C"
#ifdef _WIN32
__declspec(dllexport)
#endif
PyObject *PyInit__tiny() {{ return PyModule_Create2(&module, 1013); }}
"""
PROGRAM = 'extern "C" int foreign(int);\nint main() { return foreign(0); }\n'
ALONE = "int main() { return 0; }\n"
PLAIN = 'extern "C"\n#ifdef _WIN32\n__declspec(dllexport)\n#endif\nint plain(int it) { return it + 1; }\n'
