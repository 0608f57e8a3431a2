#include "Hex.h"

#include <cstring>

namespace facewire::testing {

namespace {

int digitOf(char character) {
    const char* const digits = "0123456789abcdef";
    const char* const found = std::strchr(digits, character);
    return found == nullptr || character == '\0' ? -1 : static_cast<int>(found - digits);
}

}  // namespace

std::vector<std::uint8_t> bytesFromHex(std::string_view hex) {
    std::vector<std::uint8_t> bytes;
    int high = -1;
    for (const char character : hex) {
        const int digit = digitOf(character);
        if (digit < 0) continue;
        if (high < 0) {
            high = digit;
        } else {
            bytes.push_back(static_cast<std::uint8_t>(high * 16 + digit));
            high = -1;
        }
    }
    bytes.shrink_to_fit();  // AddressSanitizer sees one byte read too many only without spare room
    return bytes;
}

std::string hexFromBytes(const std::vector<std::uint8_t>& bytes) {
    std::string hex;
    for (const std::uint8_t byte : bytes) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
}

}  // namespace facewire::testing
