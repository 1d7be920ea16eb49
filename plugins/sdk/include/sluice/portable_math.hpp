#pragma once

/// Elementary functions built from IEEE 754 basic operations only, so that the same input gives the same bits with
/// every libc and processor. (The C library's log, exp and sin may differ in the last digit between platforms.) Compile
/// with -ffp-contract=off, as sluice_add_plugin does: a fused multiply-add would round differently.

#include <cmath>

namespace sluice::inline sdk::portable {

/// Natural logarithm of a finite x > 0, to about 2 units in the last place.
inline double log(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // exact; in [0.5, 1)
  if (mantissa < 0.70710678118654752440) {
    mantissa *= 2.0;
    --exponent;
  }
  // ln m = 2 atanh(s) with s = (m - 1) / (m + 1), |s| <= 0.1716: 12 terms reach 1e-19.
  const double s = (mantissa - 1.0) / (mantissa + 1.0);
  const double square = s * s;
  double sum = 0.0;
  for (int odd = 23; odd >= 1; odd -= 2) sum = sum * square + 1.0 / odd;
  return 2.0 * s * sum + exponent * 0.69314718055994530942;
}

/// e^x for |x| <= 700, to about 2 units in the last place.
inline double exp(double x) {
  constexpr double kLn2High = 6.93147180369123816490e-01;  // its low bits are zero: k * kLn2High is exact
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  const double k = std::floor(x * 1.44269504088896340736 + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;  // |r| <= 0.3466: 14 terms of the series reach 1e-18
  double sum = 1.0;
  for (int n = 14; n >= 1; --n) sum = 1.0 + sum * r / n;
  return std::ldexp(sum, static_cast<int>(k));
}

/// x^y for x > 0.
inline double pow(double x, double y) { return exp(y * log(x)); }

/// sin(2 pi t). Reducing turns is exact, so a long-running phase loses nothing.
inline double sin_turns(double t) {
  double r = t - std::floor(t + 0.5);  // [-0.5, 0.5)
  if (r > 0.25) r = 0.5 - r;
  if (r < -0.25) r = -0.5 - r;
  const double x = r * 6.28318530717958647693;  // |x| <= pi / 2: terms up to x^21 reach 1e-18
  const double square = x * x;
  // Reciprocals of (2k)(2k+1): a Horner step by multiplication, each constant rounded once.
  constexpr double kSteps[] = {1.0 / 420, 1.0 / 342, 1.0 / 272, 1.0 / 210, 1.0 / 156,
                               1.0 / 110, 1.0 / 72,  1.0 / 42,  1.0 / 20,  1.0 / 6};
  double sum = 1.0;
  for (const double step : kSteps) sum = 1.0 - sum * square * step;
  return x * sum;
}

inline double cos_turns(double t) { return sin_turns(t + 0.25); }

}  // namespace sluice::inline sdk::portable
