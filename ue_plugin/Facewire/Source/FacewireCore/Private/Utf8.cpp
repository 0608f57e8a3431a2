#include "FacewireCore/MsgPackReader.h"

namespace facewire {

namespace {

/// What may follow a lead byte: how many bytes, and the range of the first of them.
struct Utf8Tail {
    std::size_t bytes;
    std::uint8_t firstLow;
    std::uint8_t firstHigh;
};

/// The tail of a lead byte that is not ASCII; `bytes` is 0 for a byte that starts nothing.
Utf8Tail utf8TailOf(std::uint8_t lead) noexcept {
    if (lead >= 0xc2 && lead <= 0xdf) return {1, 0x80, 0xbf};
    if (lead == 0xe0) return {2, 0xa0, 0xbf};  // lower would be overlong
    if (lead == 0xed) return {2, 0x80, 0x9f};  // higher would be a surrogate
    if (lead >= 0xe1 && lead <= 0xef) return {2, 0x80, 0xbf};
    if (lead == 0xf0) return {3, 0x90, 0xbf};  // lower would be overlong
    if (lead >= 0xf1 && lead <= 0xf3) return {3, 0x80, 0xbf};
    if (lead == 0xf4) return {3, 0x80, 0x8f};  // higher would be past U+10FFFF
    return {0, 0, 0};
}

}  // namespace

bool isUtf8(ByteView bytes) noexcept {
    std::size_t at = 0;
    while (at < bytes.size()) {
        const std::uint8_t lead = bytes[at];
        at += 1;
        if (lead < 0x80) continue;
        const Utf8Tail tail = utf8TailOf(lead);
        if (tail.bytes == 0 || bytes.size() - at < tail.bytes) return false;
        if (bytes[at] < tail.firstLow || bytes[at] > tail.firstHigh) return false;
        for (std::size_t index = 1; index < tail.bytes; ++index) {
            if ((bytes[at + index] & 0xc0) != 0x80) return false;
        }
        at += tail.bytes;
    }
    return true;
}

}  // namespace facewire
