#pragma once

#include <array>
#include <cstdint>

#include "FacewireCore/ByteView.h"

namespace facewire {

/// The remainders of every byte for the reflected polynomial 0xedb88320 (IEEE 802.3, as in zlib).
constexpr std::array<std::uint32_t, 256> crc32Table() noexcept {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t rest = byte;
        for (int bit = 0; bit < 8; ++bit) {
            rest = (rest & 1) != 0 ? (rest >> 1) ^ 0xedb8'8320U : rest >> 1;
        }
        table[byte] = rest;
    }
    return table;
}

inline constexpr std::array<std::uint32_t, 256> kCrc32Table = crc32Table();

/// The CRC-32 of `bytes`.
inline std::uint32_t crc32(ByteView bytes) noexcept {
    std::uint32_t rest = 0xffff'ffffU;
    for (const std::uint8_t byte : bytes) {
        rest = kCrc32Table[(rest ^ byte) & 0xff] ^ (rest >> 8);
    }
    return ~rest;
}

}  // namespace facewire
