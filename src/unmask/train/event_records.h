#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unmask {

// Records of an event file, as TensorBoard reads them: a file is these strings one behind the
// other. The framing is TFRecord's; times are seconds since 1970.

// Must stand first. It also makes a TensorBoard that is running forget earlier files of the folder.
std::string StartRecords(double time);

// Values of one step, by tags such as "train/loss". What is not finite is left out.
std::string ScalarsRecord(int64_t step, double time,
                          const std::vector<std::pair<std::string, double>>& scalars);

// A text in Markdown.
std::string TextRecord(double time, const std::string& tag, const std::string& text);

// Cyclic redundancy check with Castagnoli's polynomial (RFC 3720, appendix B.4).
uint32_t Crc32c(std::string_view bytes);

}  // namespace unmask
