#include "unmask/train/event_records.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "event.pb.h"

namespace unmask {
namespace {

using tensorboard::Event;

constexpr int kStringType = 7;  // DT_STRING of tensorflow/core/framework/types.proto

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1) != 0 ? 0x82F63B78u ^ (value >> 1) : value >> 1;
    }
    table[i] = value;
  }
  return table;
}();

template <typename Number>
std::string BytesOf(Number number) {
  std::string bytes(sizeof(number), '\0');
  std::memcpy(bytes.data(), &number, sizeof(number));
  return bytes;
}

// A check that is rotated and moved, so that the check of data that holds checks is a good one too.
std::string MaskedCheck(std::string_view bytes) {
  return BytesOf<uint32_t>(std::rotr(Crc32c(bytes), 15) + 0xA282EAD8u);
}

std::string Framed(const Event& event) {
  const std::string data = event.SerializeAsString();
  const std::string length = BytesOf<uint64_t>(data.size());
  return length + MaskedCheck(length) + data + MaskedCheck(data);
}

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const char byte : bytes) {
    crc = kCrcTable[(crc ^ static_cast<uint8_t>(byte)) & 0xFF] ^ (crc >> 8);
  }
  return ~crc;
}

std::string StartRecords(double time) {
  Event version, start;
  version.set_wall_time(time);
  version.set_file_version("brain.Event:2");
  start.set_wall_time(time);
  start.mutable_session_log()->set_status(tensorboard::SessionLog::START);
  return Framed(version) + Framed(start);
}

std::string ScalarsRecord(int64_t step, double time,
                          const std::vector<std::pair<std::string, double>>& scalars) {
  Event event;
  event.set_wall_time(time);
  event.set_step(step);
  for (const auto& [tag, value] : scalars) {
    if (!std::isfinite(value)) continue;
    tensorboard::Summary::Value& entry = *event.mutable_summary()->add_value();
    entry.set_tag(tag);
    entry.set_simple_value(static_cast<float>(value));
  }
  return event.has_summary() ? Framed(event) : "";
}

std::string TextRecord(double time, const std::string& tag, const std::string& text) {
  Event event;
  event.set_wall_time(time);
  tensorboard::Summary::Value& entry = *event.mutable_summary()->add_value();
  entry.set_tag(tag);
  entry.mutable_metadata()->mutable_plugin_data()->set_plugin_name("text");
  entry.mutable_tensor()->set_dtype(kStringType);
  entry.mutable_tensor()->mutable_tensor_shape()->add_dim()->set_size(1);
  entry.mutable_tensor()->add_string_val(text);
  return Framed(event);
}

}  // namespace unmask
