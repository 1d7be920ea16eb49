#pragma once

/// Seeded random numbers for simulators: the same seed gives the same values on every platform. The distributions of
/// the standard library are not used, as each library may implement them differently.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/portable_math.hpp"

namespace sluice::inline sdk {

/// xoshiro256++ 1.0 by David Blackman and Sebastiano Vigna (https://prng.di.unimi.it/xoshiro256plusplus.c, public
/// domain), seeded through splitmix64 as its authors advise. Not for secrets.
/// Thread: one.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = splitmix(seed);
  }

  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// A generator whose values are independent of what this one gives from now on; for one entity of a population, so
  /// that the number of draws of one does not move the others.
  Rng fork() { return Rng(next()); }

  /// Uniform in [0, bound), without bias; bound > 0. One draw, rarely more.
  std::uint64_t below(std::uint64_t bound) {
    if (bound <= 0xffffffffULL) return below32(static_cast<std::uint32_t>(bound));
    std::uint64_t mask = bound - 1;
    for (unsigned shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    for (;;) {  // mask < 2 * bound: two draws on average at most
      const std::uint64_t value = next() & mask;
      if (value < bound) return value;
    }
  }

  /// Uniform in [low, high], both included.
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    const std::uint64_t width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
    const std::uint64_t offset = width == 0 ? next() : below(width);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
  }

  /// Uniform in [0, 1), with 53 bits.
  double real() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  /// Uniform in [low, high).
  double real(double low, double high) { return low + (high - low) * real(); }
  bool chance(double probability) { return real() < probability; }

  template <class Container>
  const auto& choice(const Container& values) {
    return values[static_cast<std::size_t>(below(std::size(values)))];
  }

  /// Normal with mean 0 and standard deviation 1: the inverse of the distribution function, algorithm AS 241 (PPND16)
  /// of Michael Wichura, Applied Statistics 37 (1988), accurate to about 1e-16. One draw each.
  double normal() { return inverse_normal((static_cast<double>(next() >> 11U) + 0.5) * 0x1.0p-53); }
  double normal(double mean, double deviation) { return mean + deviation * normal(); }

  /// Exponential with the given mean.
  double exponential(double mean) {
    return -mean * portable::log((static_cast<double>(next() >> 11U) + 0.5) * 0x1.0p-53);
  }

  static double inverse_normal(double p) {
    const double q = p - 0.5;
    if (std::fabs(q) <= 0.425) {
      const double r = 0.180625 - q * q;
      return q *
             polynomial(r,
                        {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
                         13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608}) /
             polynomial(r, {5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
                            5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0});
    }
    double r = std::sqrt(-portable::log(q < 0 ? p : 1.0 - p));
    double value = 0;
    if (r <= 5.0) {
      r -= 1.6;
      value = polynomial(
                  r, {7.7454501427834140764e-4, .0227238449892691845833, .24178072517745061177, 1.27045825245236838258,
                      3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734}) /
              polynomial(r, {1.05075007164441684324e-9, 5.475938084995344946e-4, .0151986665636164571966,
                             .14810397642748007459, .68976733498510000455, 1.6763848301838038494,
                             2.05319162663775882187, 1.0});
    } else {
      r -= 5.0;
      value = polynomial(r, {2.01033439929228813265e-7, 2.71155556874348757815e-5, .0012426609473880784386,
                             .026532189526576123093, .29656057182850489123, 1.7848265399172913358,
                             5.4637849111641143699, 6.6579046435011037772}) /
              polynomial(r, {2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
                             7.868691311456132591e-4, .0148753612908506148525, .13692988092273580531,
                             .59983220655588793769, 1.0});
    }
    return q < 0 ? -value : value;
  }

 private:
  static constexpr std::uint64_t rotate(std::uint64_t x, unsigned by) { return (x << by) | (x >> (64U - by)); }

  static std::uint64_t splitmix(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }

  /// Daniel Lemire, "Fast random integer generation in an interval" (2019), with 32 bits: needs no 128-bit product.
  std::uint32_t below32(std::uint32_t bound) {
    std::uint64_t product = (next() >> 32U) * bound;
    auto low = static_cast<std::uint32_t>(product);
    if (low < bound) {
      const std::uint32_t threshold = (0U - bound) % bound;
      while (low < threshold) {
        product = (next() >> 32U) * bound;
        low = static_cast<std::uint32_t>(product);
      }
    }
    return static_cast<std::uint32_t>(product >> 32U);
  }

  static double polynomial(double x, const std::array<double, 8>& highest_first) {
    double sum = highest_first[0];
    for (std::size_t i = 1; i < highest_first.size(); ++i) sum = sum * x + highest_first[i];
    return sum;
  }

  std::array<std::uint64_t, 4> state_{};
};

/// The value with at most `decimals` (0 to 15) digits behind the point that is nearest; prints without further digits.
inline double round_decimals(double value, int decimals) {
  constexpr std::array<double, 16> kPowers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const double power = kPowers[static_cast<std::size_t>(decimals)];
  return std::round(value * power) / power + 0.0;  // + 0.0: no "-0.0"
}

/// Draws an index with a probability in proportion to its weight (>= 0, at least one > 0).
class WeightedChoice {
 public:
  explicit WeightedChoice(std::span<const double> weights) {
    cumulative_.reserve(weights.size());
    double sum = 0;
    for (const double weight : weights) cumulative_.push_back(sum += weight);
  }
  std::size_t operator()(Rng& rng) const {
    const double mark = rng.real() * cumulative_.back();
    const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), mark);
    return std::min(static_cast<std::size_t>(found - cumulative_.begin()), cumulative_.size() - 1);
  }
  [[nodiscard]] std::size_t size() const { return cumulative_.size(); }

 private:
  std::vector<double> cumulative_;
};

/// Rank 0 to count - 1, drawn with a probability in proportion to 1 / (rank + 1)^exponent.
class Zipf {
 public:
  explicit Zipf(std::size_t count, double exponent = 1.0) : choice_(weights(count, exponent)) {}
  std::size_t operator()(Rng& rng) const { return choice_(rng); }

 private:
  static std::vector<double> weights(std::size_t count, double exponent) {
    std::vector<double> all(count);
    for (std::size_t rank = 0; rank < count; ++rank) {
      const double place = static_cast<double>(rank) + 1.0;
      all[rank] = exponent == 1.0 ? 1.0 / place : portable::pow(place, -exponent);
    }
    return all;
  }
  WeightedChoice choice_;
};

/// Short text made by a generator; converts to a view that lives as long as the object.
template <std::size_t capacity>
struct ShortText {
  std::array<char, capacity> data{};
  std::size_t size = 0;
  operator std::string_view() const { return {data.data(), size}; }  // NOLINT: it is a text
};

/// A random (version 4) UUID in lower case.
inline ShortText<36> uuid_v4(Rng& rng) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<std::uint64_t, 2> bits = {rng.next(), rng.next()};
  bits[0] = (bits[0] & ~0xf000ULL) | 0x4000ULL;
  bits[1] = (bits[1] & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  ShortText<36> text;
  for (unsigned digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text.data[text.size++] = '-';
    text.data[text.size++] = kHex[(bits[digit / 16] >> (60U - 4U * (digit % 16))) & 15U];
  }
  return text;
}

/// An IPv4 address of four octets, each 1 to 255.
inline ShortText<15> ipv4(Rng& rng) {
  ShortText<15> text;
  for (int octet = 0; octet < 4; ++octet) {
    if (octet > 0) text.data[text.size++] = '.';
    const auto value = static_cast<unsigned>(rng.integer(1, 255));
    if (value >= 100) text.data[text.size++] = static_cast<char>('0' + value / 100);
    if (value >= 10) text.data[text.size++] = static_cast<char>('0' + value / 10 % 10);
    text.data[text.size++] = static_cast<char>('0' + value % 10);
  }
  return text;
}

}  // namespace sluice::inline sdk
