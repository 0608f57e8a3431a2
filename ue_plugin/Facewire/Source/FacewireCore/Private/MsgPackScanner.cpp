#include "MsgPackScanner.h"

#include <cstring>

namespace facewire {

namespace {

std::uint64_t bigEndian(ByteView bytes, std::size_t offset, std::size_t size) noexcept {
    std::uint64_t number = 0;
    for (std::size_t index = 0; index < size; ++index) {
        number = (number << 8) | bytes[offset + index];
    }
    return number;
}

std::uint64_t signExtended(std::uint64_t number, std::size_t size) noexcept {
    const std::size_t unusedBits = 64 - 8 * size;
    const std::uint64_t sign = std::uint64_t{1} << (63 - unusedBits);
    return (number ^ sign) - sign;
}

std::uint64_t bitsOfDouble(double number) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    return bits;
}

double doubleOfFloatBits(std::uint32_t bits) noexcept {
    float number = 0;
    std::memcpy(&number, &bits, sizeof number);
    return static_cast<double>(number);
}

}  // namespace

MsgPackScanner::Fault MsgPackScanner::readHead(ByteView bytes, MsgPackValue& value) noexcept {
    if (bytes.empty()) return Fault::Truncated;
    const std::uint8_t head = bytes[0];
    value = MsgPackValue();
    if (head < 0x80 || head >= 0xe0) {
        value._type = MsgPackType::Integer;
        value._negative = head >= 0xe0;
        value._bits = value._negative ? signExtended(head, 1) : head;
        value._encoded = bytes.slice(0, 1);
        return Fault::Whole;
    }
    if (head < 0x90) return setBody(bytes, MsgPackType::Map, 1, head & 0x0fU, value);
    if (head < 0xa0) return setBody(bytes, MsgPackType::Array, 1, head & 0x0fU, value);
    if (head < 0xc0) return setBody(bytes, MsgPackType::String, 1, head & 0x1fU, value);
    switch (head) {
        case 0xc0:
            value._encoded = bytes.slice(0, 1);
            return Fault::Whole;
        case 0xc2:
        case 0xc3:
            value._type = MsgPackType::Boolean;
            value._bits = head & 1U;
            value._encoded = bytes.slice(0, 1);
            return Fault::Whole;
        case 0xd9:
        case 0xda:
        case 0xdb:
            return readSized(bytes, MsgPackType::String, std::size_t{1} << (head - 0xd9), value);
        case 0xdc:
        case 0xdd:
            return readSized(bytes, MsgPackType::Array, std::size_t{2} << (head - 0xdc), value);
        case 0xde:
        case 0xdf:
            return readSized(bytes, MsgPackType::Map, std::size_t{2} << (head - 0xde), value);
        default:
            break;
    }
    if (head >= 0xca && head <= 0xd3) return readNumber(bytes, value);
    return Fault::NoHeaderType;  // unused 0xc1, binary 0xc4..0xc6 and the extension types are left
}

MsgPackScanner::Fault MsgPackScanner::readNumber(ByteView bytes, MsgPackValue& value) noexcept {
    const std::uint8_t head = bytes[0];
    const bool isFloat = head <= 0xcb;
    const bool isSigned = head >= 0xd0;
    const std::size_t size =
        isFloat ? std::size_t{4} << (head - 0xca) : std::size_t{1} << ((head - 0xcc) & 3);
    if (bytes.size() < 1 + size) return Fault::Truncated;
    const std::uint64_t raw = bigEndian(bytes, 1, size);
    value._type = isFloat ? MsgPackType::Float : MsgPackType::Integer;
    value._bits = raw;
    if (isFloat && size == 4) {
        value._bits = bitsOfDouble(doubleOfFloatBits(static_cast<std::uint32_t>(raw)));
    }
    if (isSigned) {
        value._bits = signExtended(raw, size);
        value._negative = (value._bits >> 63) != 0;
    }
    value._encoded = bytes.slice(0, 1 + size);
    return Fault::Whole;
}

MsgPackScanner::Fault MsgPackScanner::readSized(ByteView bytes, MsgPackType type,
                                                std::size_t lengthBytes,
                                                MsgPackValue& value) noexcept {
    if (bytes.size() < 1 + lengthBytes) return Fault::Truncated;
    const auto count = static_cast<std::uint32_t>(bigEndian(bytes, 1, lengthBytes));
    return setBody(bytes, type, 1 + lengthBytes, count, value);
}

MsgPackScanner::Fault MsgPackScanner::setBody(ByteView bytes, MsgPackType type,
                                              std::size_t headBytes, std::uint32_t count,
                                              MsgPackValue& value) noexcept {
    const std::size_t rest = bytes.size() - headBytes;
    value._type = type;
    value._count = count;
    if (type == MsgPackType::Array || type == MsgPackType::Map) {
        value._body = bytes.slice(headBytes, rest);
        value._encoded = bytes.slice(0, headBytes);
        return Fault::Whole;
    }
    // The length is kept even when the bytes are not there: a caller tells "too long" from "cut".
    if (rest < count) return Fault::Truncated;
    value._body = bytes.slice(headBytes, count);
    value._encoded = bytes.slice(0, headBytes + count);
    return Fault::Whole;
}

void MsgPackScanner::close(MsgPackValue& value, const std::uint8_t* start,
                           std::size_t encodedSize) noexcept {
    const std::size_t headBytes = value._encoded.size();
    value._encoded = ByteView(start, encodedSize);
    value._body = value._encoded.slice(headBytes, encodedSize - headBytes);
}

MsgPackValue MsgPackScanner::readChecked(ByteView bytes) noexcept {
    MsgPackValue first;
    if (readHead(bytes, first) != Fault::Whole) return MsgPackValue();
    if (first.type() != MsgPackType::Array && first.type() != MsgPackType::Map) return first;
    // Counting what is still to come needs no stack: where it lies does not matter for the end.
    std::size_t offset = 0;
    std::uint64_t pending = 1;
    while (pending > 0) {
        MsgPackValue value;
        if (readHead(bytes.slice(offset, bytes.size() - offset), value) != Fault::Whole) break;
        offset += value._encoded.size();
        pending -= 1;
        if (value.type() == MsgPackType::Array) pending += value._count;
        if (value.type() == MsgPackType::Map) pending += 2 * std::uint64_t{value._count};
    }
    close(first, bytes.data(), offset);
    return first;
}

}  // namespace facewire
