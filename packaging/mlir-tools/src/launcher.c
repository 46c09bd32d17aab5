// Starts one program of the multi-call one: TOOL is its name, PROGRAM where that is, seen from the
// folder of this launcher itself, whichever link it was started by.

#ifdef _WIN32

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

#define WIDE_(text) L##text
#define WIDE(text) WIDE_(text)

static int fail(const char *doing) {
  fprintf(stderr, TOOL ": cannot %s (error %lu); install mlir-tools again\n", doing, GetLastError());
  return 127;
}

// What the console says to all its processes, as on Ctrl-C, is the program's to answer. (A handler of NULL
// would be inherited by it.)
static BOOL WINAPI leave_to_program(DWORD event) {
  (void)event;
  return TRUE;
}

int main(void) {
  static wchar_t path[32768];
  DWORD length = GetModuleFileNameW(NULL, path, 32768);
  wchar_t *name = length ? wcsrchr(path, L'\\') : NULL;
  if (!name || name - path + wcslen(WIDE(PROGRAM)) + 6 > 32768)
    return fail("find its own folder");
  wcscpy(name + 1, WIDE(PROGRAM) L".exe");

  STARTUPINFOW startup;
  memset(&startup, 0, sizeof(startup));
  startup.cb = sizeof(startup);
  PROCESS_INFORMATION process;
  SetConsoleCtrlHandler(leave_to_program, TRUE);
  if (!CreateProcessW(path, GetCommandLineW(), NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
    return fail("start the program that it belongs to");
  DWORD status = 127;
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &status);
  return (int)status;
}

#else

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#include <stdint.h>
#endif

// Writes the path of this file, without links, into the buffer of PATH_MAX bytes; false if it cannot.
static int own_path(char *buffer) {
#ifdef __APPLE__
  char given[PATH_MAX];
  uint32_t size = sizeof(given);
  return _NSGetExecutablePath(given, &size) == 0 && realpath(given, buffer);
#else
  return realpath("/proc/self/exe", buffer) != NULL;
#endif
}

static int fail(const char *what) {
  fprintf(stderr, TOOL ": %s: %s; install mlir-tools again\n", what, strerror(errno));
  return 127;
}

int main(int argc, char **argv) {
  char path[PATH_MAX];
  if (!own_path(path))
    return fail("cannot find its own folder");
  char *name = strrchr(path, '/') + 1;
  if (name - path + sizeof(PROGRAM) > sizeof(path)) {
    errno = ENAMETOOLONG;
    return fail(path);
  }
  strcpy(name, PROGRAM);
  // The name says which program is meant; a link may have another.
  static char tool[] = TOOL;
  const char *called = argc > 0 ? strrchr(argv[0], '/') : NULL;
  if (argc > 0 && strcmp(called ? called + 1 : argv[0], tool) != 0)
    argv[0] = tool;
  execv(path, argv);
  return fail(path);
}

#endif
