#pragma once
#include <stdexcept>
#include <string>

#define EXPORTED __attribute__((visibility("default")))

struct EXPORTED Shape {
  virtual ~Shape();
};
struct EXPORTED Square : Shape {
  ~Square() override;
};
class EXPORTED OwnError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
  ~OwnError() override;
};

EXPORTED void throw_range(const std::string &message);
EXPORTED void throw_own();
EXPORTED Shape *make_square();
EXPORTED std::string written(double number);
