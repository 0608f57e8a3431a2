#include "FacewireCore/MsgPackWriter.h"

#include <cstring>
#include <utility>

namespace facewire {

void MsgPackWriter::null() {
    byte(0xc0);
}

void MsgPackWriter::boolean(bool value) {
    byte(value ? 0xc3 : 0xc2);
}

void MsgPackWriter::unsignedInteger(std::uint64_t value) {
    if (value < 0x80) {
        byte(value);
    } else if (value <= 0xff) {
        byte(0xcc);
        byte(value);
    } else if (value <= 0xffff) {
        byte(0xcd);
        bigEndian(value, 2);
    } else if (value <= 0xffffffff) {
        byte(0xce);
        bigEndian(value, 4);
    } else {
        byte(0xcf);
        bigEndian(value, 8);
    }
}

void MsgPackWriter::signedInteger(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    if (value >= 0) {
        unsignedInteger(bits);
    } else if (value >= -32) {
        byte(bits);
    } else if (value >= INT8_MIN) {
        byte(0xd0);
        byte(bits);
    } else if (value >= INT16_MIN) {
        byte(0xd1);
        bigEndian(bits, 2);
    } else if (value >= INT32_MIN) {
        byte(0xd2);
        bigEndian(bits, 4);
    } else {
        byte(0xd3);
        bigEndian(bits, 8);
    }
}

void MsgPackWriter::number(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    byte(0xcb);
    bigEndian(bits, 8);
}

void MsgPackWriter::string(std::string_view text) {
    const std::size_t size = text.size();
    if (size < 32) {
        byte(0xa0 | size);
    } else if (size <= 0xff) {
        byte(0xd9);
        byte(size);
    } else if (size <= 0xffff) {
        byte(0xda);
        bigEndian(size, 2);
    } else {
        byte(0xdb);
        bigEndian(size, 4);
    }
    append(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), size));
}

void MsgPackWriter::arrayHead(std::size_t items) {
    if (items < 16) {
        byte(0x90 | items);
    } else {
        byte(items <= 0xffff ? 0xdc : 0xdd);
        bigEndian(items, items <= 0xffff ? 2 : 4);
    }
}

void MsgPackWriter::mapHead(std::size_t entries) {
    if (entries < 16) {
        byte(0x80 | entries);
    } else {
        byte(entries <= 0xffff ? 0xde : 0xdf);
        bigEndian(entries, entries <= 0xffff ? 2 : 4);
    }
}

void MsgPackWriter::encoded(ByteView value) {
    append(value);
}

std::vector<std::uint8_t> MsgPackWriter::take() noexcept {
    return std::exchange(_bytes, {});
}

void MsgPackWriter::bigEndian(std::uint64_t value, std::size_t size) {
    for (std::size_t left = size; left > 0; --left) {
        byte(value >> (8 * (left - 1)));
    }
}

void MsgPackWriter::append(ByteView bytes) {
    _bytes.insert(_bytes.end(), bytes.begin(), bytes.end());
}

}  // namespace facewire
