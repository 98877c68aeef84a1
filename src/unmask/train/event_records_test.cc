#include "unmask/train/event_records.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace unmask {
namespace {

std::string Hex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

TEST(EventRecords, Crc32cIsThatOfTheStandard) {
  // RFC 3720, appendix B.4, and the usual check value.
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
}

// The expected bytes are what tensorboard 2.21 (Python) writes for the same events.
TEST(EventRecords, AreByteByByteThoseOfTensorBoard) {
  EXPECT_EQ(Hex(StartRecords(1700000000.5)),
            "1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110"
            "0d000000000000003c37b8340900002040fc54d9413a020801a870fdd5");
  EXPECT_EQ(Hex(ScalarsRecord(50, 1700000001.25, {{"train/loss", 0.5}, {"validation/auc", 0.75}})),
            "3700000000000000e7e8ca590900005040fc54d94110322a2a0a110a0a747261696e2f6c6f737315"
            "0000003f0a150a0e76616c69646174696f6e2f617563150000403fd57a3218");
  EXPECT_EQ(Hex(TextRecord(1700000000.5, "recipe", "|a|")),
            "2e00000000000000c5cb57fa0900002040fc54d9412a230a210a06726563697065420d0807120412"
            "02080142037c617c4a080a060a0474657874972763b5");
}

TEST(EventRecords, LeaveOutWhatIsNotFinite) {
  EXPECT_EQ(ScalarsRecord(1, 2, {{"a", NAN}, {"b", 1}, {"c", INFINITY}}),
            ScalarsRecord(1, 2, {{"b", 1}}));
  EXPECT_EQ(ScalarsRecord(1, 2, {{"a", NAN}}), "");
}

}  // namespace
}  // namespace unmask
