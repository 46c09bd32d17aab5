#include "thrower.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <iostream>
#include <random>

namespace nb = nanobind;

// Caught by type, in another shared object than it was thrown in.
static std::string caught(const std::string &message) {
  try {
    throw_range(message);
  } catch (const std::invalid_argument &) {
    return "wrong type";
  } catch (const std::out_of_range &error) {
    std::out_of_range copy = error;
    return std::string("out of range: ") + copy.what();
  }
  return "nothing";
}

static std::string caught_own() {
  try {
    throw_own();
  } catch (const OwnError &error) {
    return error.what();
  }
  return "nothing";
}

// Thrown by libnanobind, when the Python function raises.
static std::string caught_python(nb::callable function) {
  try {
    function();
  } catch (nb::python_error &error) {
    return error.matches(PyExc_KeyError) ? "KeyError" : "another";
  }
  return "nothing";
}

static bool is_square() {
  Shape *shape = make_square();
  bool found = dynamic_cast<Square *>(shape) && typeid(*shape) == typeid(Square);
  delete shape;
  return found;
}

// In newer C libraries than the sysroot's it would take arc4random.
static bool randomized() {
  std::random_device device;
  return device() != device() || device() != device();
}

NB_MODULE(EXTENSION, module) {
  module.def("caught", &caught);
  module.def("caught_own", &caught_own);
  module.def("caught_python", &caught_python);
  module.def("is_square", &is_square);
  module.def("randomized", &randomized);
  module.def("written", &written);
  module.def("translated", [] { throw_range("to Python"); });
  module.def("printed", [] { std::cout << "printed " << 1.5 << std::endl; });
}
