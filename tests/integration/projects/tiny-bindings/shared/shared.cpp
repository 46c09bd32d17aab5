extern "C" int shared_by_all() { return 2; }
