// SPDX-License-Identifier: MIT
// A C++ program, with kernels past 64 bits in threads that end.
#include "kernels.h"

#include <cstdio>
#include <string>
#include <thread>

int main()
{
  const int64_t n = INT64_C(1) << 40;
  long good = 0;
  for (int i = 0; i < 50; i++) {
    std::thread t([&] { good += middle(n + i) == n + i; });
    t.join();
  }
  (void)square(n);
  const kb_error *e = kb_error_get();
  std::string what = e ? std::string(e->type) + ": " + e->message : "none";
  std::printf("%ld %s\n", good, what.c_str());
  return 0;
}
