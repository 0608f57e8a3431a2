#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace facewire::testing {

/// Bytes of hexadecimal digits; spaces are ignored.
std::vector<std::uint8_t> bytesFromHex(std::string_view hex);

/// Lower-case hexadecimal digits without spaces.
std::string hexFromBytes(const std::vector<std::uint8_t>& bytes);

}  // namespace facewire::testing
