#include "embedding/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "embedding/linear.h"

namespace bookstore::embedding {
namespace {

std::vector<const Kernels*> runnable_kernels() {
  std::vector<const Kernels*> result = {&kBaselineKernels};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    result.push_back(&kAvx2Kernels);
  }
  if (__builtin_cpu_supports("avx512f")) result.push_back(&kAvx512Kernels);
#endif
  return result;
}

std::vector<float> random_floats(size_t count, uint32_t seed, float scale = 1) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> distribution(-scale, scale);
  std::vector<float> values(count);
  for (float& value : values) value = distribution(engine);
  return values;
}

// Attention as the paper writes it, in double.
std::vector<double> plain_attention(const std::vector<float>& qkv, const AttentionShape& shape) {
  const size_t width = shape.heads * shape.head_width;
  std::vector<double> out(shape.tokens * width);
  for (size_t head = 0; head < shape.heads; ++head) {
    for (size_t row = 0; row < shape.tokens; ++row) {
      std::vector<double> weights(shape.tokens);
      double total = 0;
      for (size_t other = 0; other < shape.tokens; ++other) {
        double score = 0;
        for (size_t d = 0; d < shape.head_width; ++d) {
          score += double{qkv[row * 3 * width + head * shape.head_width + d]} *
                   qkv[other * 3 * width + width + head * shape.head_width + d];
        }
        total += weights[other] = std::exp(score / std::sqrt(double(shape.head_width)));
      }
      for (size_t other = 0; other < shape.tokens; ++other) {
        for (size_t d = 0; d < shape.head_width; ++d) {
          out[row * width + head * shape.head_width + d] +=
              weights[other] / total *
              qkv[other * 3 * width + 2 * width + head * shape.head_width + d];
        }
      }
    }
  }
  return out;
}

TEST(Kernels, AttentionIsThePapersAtEveryLength) {
  for (const Kernels* kernels : runnable_kernels()) {
    for (const size_t tokens : {1, 2, 3, 4, 5, 31, 32, 33, 64, 65, 256}) {
      for (const size_t head_width : {32, 64}) {
        const AttentionShape shape{tokens, 3, head_width};
        const size_t width = shape.heads * head_width;
        const auto qkv = random_floats(tokens * 3 * width, 7, 3);
        const auto wanted = plain_attention(qkv, shape);
        std::vector<float> got(tokens * width), scratch(attention_scratch(tokens, head_width));
        kernels->attention(qkv.data(), shape, scratch.data(), got.data());
        for (size_t i = 0; i < got.size(); ++i) {
          ASSERT_NEAR(got[i], wanted[i], 2e-5) << kernels->name << ' ' << tokens << ' ' << i;
        }
      }
    }
  }
}

TEST(Kernels, LargeScoresDoNotOverflow) {
  for (const Kernels* kernels : runnable_kernels()) {
    const AttentionShape shape{5, 1, 32};
    const auto qkv = random_floats(5 * 96, 3, 1000);
    std::vector<float> got(5 * 32), scratch(attention_scratch(5, 32));
    kernels->attention(qkv.data(), shape, scratch.data(), got.data());
    for (const float value : got) ASSERT_TRUE(std::isfinite(value)) << kernels->name;
  }
}

TEST(Kernels, LayerNormGivesMeanAndSpread) {
  constexpr size_t kRows = 3, kWidth = 384;
  for (const Kernels* kernels : runnable_kernels()) {
    auto rows = random_floats(kRows * kWidth, 1, 10);
    const auto given = rows;
    const auto weight = random_floats(kWidth, 2), bias = random_floats(kWidth, 3);
    kernels->layer_norm(rows.data(), kRows, kWidth, weight.data(), bias.data(), 1e-12f);
    for (size_t row = 0; row < kRows; ++row) {
      double mean = 0, variance = 0;
      for (size_t i = 0; i < kWidth; ++i) mean += given[row * kWidth + i] / double(kWidth);
      for (size_t i = 0; i < kWidth; ++i) {
        variance += std::pow(given[row * kWidth + i] - mean, 2) / double(kWidth);
      }
      for (size_t i = 0; i < kWidth; ++i) {
        const double wanted =
            (given[row * kWidth + i] - mean) / std::sqrt(variance) * weight[i] + bias[i];
        ASSERT_NEAR(rows[row * kWidth + i], wanted, 1e-5) << kernels->name;
      }
    }
  }
}

TEST(Kernels, ExpIsAsExactAsItSays) {
  for (const Kernels* kernels : runnable_kernels()) {
    double worst = 0;
    for (float first = 0; first > -86.9f; first -= 0.37f) {
      std::vector<float> values(16);
      for (size_t i = 0; i < 16; ++i) values[i] = std::max(first - 0.023f * float(i), -86.9f);
      const auto given = values;
      kernels->exp_of_negative(values.data(), values.size());
      for (size_t i = 0; i < 16; ++i) {
        const double wanted = std::exp(double{given[i]});
        worst = std::max(worst, std::abs(values[i] - wanted) / wanted);
      }
    }
    EXPECT_LE(worst, 2e-7) << kernels->name;
    std::vector<float> deep(16, -INFINITY);
    kernels->exp_of_negative(deep.data(), deep.size());
    for (const float value : deep) EXPECT_EQ(value, 0) << kernels->name;
  }
}

TEST(Linear, IsTheProductForEveryRowCountAndAfter) {
  constexpr size_t kIn = 96, kOut = 48;
  const auto weight = random_floats(kIn * kOut, 1), bias = random_floats(kOut, 2);
  for (const auto after :
       {Linear::After::kNothing, Linear::After::kGelu, Linear::After::kAddToDestination}) {
    const auto linear = Linear::make({kIn, kOut, after}, weight, bias);
    ASSERT_TRUE(linear.ok()) << linear.status();
    for (const size_t rows : {8, 16, 72, 512}) {
      const auto source = random_floats(rows * kIn, 3);
      auto destination = random_floats(rows * kOut, 4);
      const auto before = destination;
      linear->run(source.data(), rows, destination.data());
      for (size_t row = 0; row < rows; ++row) {
        for (size_t out = 0; out < kOut; ++out) {
          double wanted = bias[out];
          for (size_t in = 0; in < kIn; ++in) {
            wanted += double{source[row * kIn + in]} * weight[out * kIn + in];
          }
          if (after == Linear::After::kGelu) wanted *= 0.5 * std::erfc(-wanted / std::sqrt(2.0));
          if (after == Linear::After::kAddToDestination) wanted += before[row * kOut + out];
          ASSERT_NEAR(destination[row * kOut + out], wanted, 2e-5) << rows;
        }
      }
    }
  }
}

TEST(Linear, RowCountsAreFewAndNeverTooSmall) {
  size_t different = 0, last = 0;
  for (size_t rows = 1; rows <= 512; ++rows) {
    const size_t padded = padded_rows(rows);
    EXPECT_GE(padded, rows);
    EXPECT_GE(padded, last);
    different += padded != last;
    last = padded;
  }
  EXPECT_EQ(last, 512u);
  EXPECT_EQ(different, 20u);
}

}  // namespace
}  // namespace bookstore::embedding
