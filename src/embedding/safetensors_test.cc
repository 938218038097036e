#include "embedding/safetensors.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

#include "base/bytes.h"

namespace bookstore::embedding {
namespace {

std::string make_file(const std::string& header, const std::string& buffer) {
  base::ByteWriter writer;
  writer.u64(header.size());
  return writer.take() + header + buffer;
}

const std::string kGoodHeader =
    R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
    R"("b":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}})";

TEST(SafeTensors, AGoodFileGivesItsTensors) {
  const std::string file = make_file(kGoodHeader, std::string(19, '\0'));
  const auto tensors = SafeTensors::parse(file);
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_EQ(tensors->tensors().size(), 2u);
  EXPECT_EQ(tensors->find("b")->bytes.size(), 3u);
  EXPECT_EQ(tensors->find("c"), nullptr);
}

TEST(SafeTensors, FloatsAreTakenOnlyInTheShapeThatIsAskedFor) {
  std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  while ((8 + header.size()) % 8 != 0) header += ' ';
  const float values[] = {1.5f, -2.0f};
  std::string buffer(sizeof values, '\0');
  std::memcpy(buffer.data(), values, sizeof values);
  const std::string file = make_file(header, buffer);
  const auto tensors = SafeTensors::parse(file);
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  const auto floats = tensors->floats("a", {2});
  ASSERT_TRUE(floats.ok()) << floats.status();
  EXPECT_EQ((*floats)[1], -2.0f);
  EXPECT_FALSE(tensors->floats("a", {1, 2}).ok());
  EXPECT_FALSE(tensors->floats("b", {2}).ok());
}

struct Bad {
  const char* why;
  std::string header;
  size_t buffer_bytes;
};

TEST(SafeTensors, RefusesEveryKindOfMalformedFile) {
  const auto tensor = [](const char* dtype, const char* shape, const char* offsets) {
    return std::string(R"({"a":{"dtype":")") + dtype + R"(","shape":)" + shape +
           R"(,"data_offsets":)" + offsets + "}}";
  };
  const Bad kBad[] = {
      {"not JSON", "{", 0},
      {"not an object", "[]", 0},
      {"leading space", " {}", 0},
      {"one name twice",
       R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
       R"("a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
       0},
      {"metadata of numbers", R"({"__metadata__":{"a":1}})", 0},
      {"unknown dtype", tensor("F31", "[1]", "[0,4]"), 4},
      {"negative size", tensor("F32", "[-1]", "[0,4]"), 4},
      {"fractional size", tensor("F32", "[1.0]", "[0,4]"), 4},
      {"three offsets", tensor("F32", "[1]", "[0,4,4]"), 4},
      {"reversed offsets", tensor("F32", "[1]", "[4,0]"), 4},
      {"past the end", tensor("F32", "[2]", "[0,8]"), 4},
      {"span larger than shape", tensor("F32", "[1]", "[0,8]"), 8},
      {"span smaller than shape", tensor("F32", "[3]", "[0,8]"), 8},
      {"overflow", tensor("F32", "[4294967296,4294967296]", "[0,0]"), 0},
      {"overflow hidden by a zero", tensor("F64", "[9007199254740991,9007199254740991,0]", "[0,0]"),
       0},
      {"hole at the start", tensor("F32", "[1]", "[4,8]"), 8},
      {"bytes left over", tensor("F32", "[1]", "[0,4]"), 8},
      {"extra member", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}})", 1},
      {"overlap",
       R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
       R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
       6},
      {"hole between",
       R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
       R"("b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}})",
       6},
  };
  for (const Bad& bad : kBad) {
    const std::string file = make_file(bad.header, std::string(bad.buffer_bytes, '\0'));
    EXPECT_EQ(SafeTensors::parse(file).status().code(), absl::StatusCode::kInvalidArgument)
        << bad.why;
  }
}

TEST(SafeTensors, RefusesALengthThatIsNotTheFiles) {
  EXPECT_FALSE(SafeTensors::parse("").ok());
  EXPECT_FALSE(SafeTensors::parse(std::string(7, '\0')).ok());
  EXPECT_FALSE(SafeTensors::parse(std::string(8, '\xFF')).ok());
  const std::string file = make_file(kGoodHeader, std::string(19, '\0'));
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(SafeTensors::parse(file.substr(0, size)).ok()) << size;
  }
}

// Whatever a disk or a stranger does to a file: refused, or every tensor lies inside it.
RC_GTEST_PROP(SafeTensors, ADamagedFileNeverLeavesItsBytes, ()) {
  std::string file = make_file(kGoodHeader, std::string(19, '\0'));
  const auto damages = *rc::gen::inRange(1, 6);
  for (int i = 0; i < damages; ++i) {
    file[*rc::gen::inRange<size_t>(0, file.size())] = *rc::gen::arbitrary<char>();
  }
  const auto tensors = SafeTensors::parse(file);
  if (!tensors.ok()) return;
  for (const auto& [name, tensor] : tensors->tensors()) {
    RC_ASSERT(tensor.bytes.data() >= file.data());
    RC_ASSERT(tensor.bytes.data() + tensor.bytes.size() <= file.data() + file.size());
  }
}

}  // namespace
}  // namespace bookstore::embedding
