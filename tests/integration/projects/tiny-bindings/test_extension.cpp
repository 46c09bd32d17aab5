extern "C" int for_tests() { return 1; }
