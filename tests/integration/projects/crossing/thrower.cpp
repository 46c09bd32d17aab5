#include "thrower.h"

#include <locale>
#include <sstream>

Shape::~Shape() = default;
Square::~Square() = default;
OwnError::~OwnError() = default;

void throw_range(const std::string &message) { throw std::out_of_range(message); }
void throw_own() { throw OwnError("own"); }
Shape *make_square() { return new Square; }

// Streams and locales are where two C++ libraries in one process get into each other's way.
std::string written(double number) {
  std::ostringstream stream;
  stream.imbue(std::locale::classic());
  stream << number << ' ' << std::uncaught_exceptions();
  return stream.str();
}
