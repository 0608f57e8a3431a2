#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "FacewireCore/ByteView.h"
#include "FacewireCore/Result.h"

namespace facewire {

/// What an encoded value is. Integers are one kind, whatever their width on the wire.
enum class MsgPackType : std::uint8_t { Null, Boolean, Integer, Float, String, Array, Map };

class MsgPackArrayCursor;
class MsgPackMapCursor;

/// A view of one value inside bytes that readMsgPack() has checked from end to end.
///
/// It holds no copy: the bytes must outlive it. Every accessor answers "nothing" for a value of
/// another type, so that a caller never has to ask for the type first.
class MsgPackValue {
public:
    /// A null.
    MsgPackValue() noexcept;

    MsgPackType type() const noexcept { return _type; }
    bool isNull() const noexcept { return _type == MsgPackType::Null; }

    std::optional<bool> asBoolean() const noexcept;
    /// An integer in [0, 2^64).
    std::optional<std::uint64_t> asUnsigned() const noexcept;
    /// An integer in [-2^63, 2^63).
    std::optional<std::int64_t> asSigned() const noexcept;
    /// A float of 32 or 64 bits; NaN and infinities pass. Integers are not floats here.
    std::optional<double> asFloat() const noexcept;
    /// A float, or an integer turned into one (rounded beyond 2^53).
    std::optional<double> asNumber() const noexcept;
    /// Valid UTF-8, not ended by a zero.
    std::optional<std::string_view> asString() const noexcept;

    /// Items of an array, entries of a map, bytes of a string, else 0.
    std::size_t size() const noexcept { return _count; }

    /// Walks an array; over any other type the walk is empty.
    MsgPackArrayCursor items() const noexcept;
    /// Walks a map; over any other type the walk is empty.
    MsgPackMapCursor entries() const noexcept;

    /// The value as it was encoded, with everything inside it.
    ByteView encoded() const noexcept { return _encoded; }

private:
    friend class MsgPackScanner;

    MsgPackType _type = MsgPackType::Null;
    bool _negative = false;
    std::uint32_t _count = 0;
    std::uint64_t _bits = 0;
    /// What follows the type byte and the length: text, items or entries.
    ByteView _body;
    ByteView _encoded;
};

/// Walks the items of an array in order.
class MsgPackArrayCursor {
public:
    explicit MsgPackArrayCursor(const MsgPackValue& array) noexcept;

    /// Read the next item; false at the end, and then `item` is untouched.
    bool next(MsgPackValue& item) noexcept;

private:
    ByteView _rest;
    std::size_t _remaining;
};

/// Walks the entries of a map in the order of the wire.
class MsgPackMapCursor {
public:
    explicit MsgPackMapCursor(const MsgPackValue& map) noexcept;

    /// Read the next entry; false at the end, and then both arguments are untouched.
    bool next(std::string_view& key, MsgPackValue& value) noexcept;

private:
    ByteView _rest;
    std::size_t _remaining;
};

/// Check that `bytes` are exactly one MessagePack map within the limits of Limits.h.
///
/// Refused as TooLarge: more than kMaxHeaderBytes, kMaxValues values in all, nesting deeper than
/// kMaxDepth, arrays and maps of more than kMaxItems, strings of more than kMaxStringBytes. Refused
/// as Malformed: truncation, bytes after the map, binary and extension types (a header has none),
/// the type byte that MessagePack does not use, text that is not UTF-8, map keys that are no string
/// or come twice. Memory stays proportional to the bytes that are there, never to a length that
/// they declare.
///
/// @returns A view of `bytes`, good for as long as they are.
Result<MsgPackValue> readMsgPack(ByteView bytes);

/// True when `bytes` are well-formed UTF-8 (no surrogates, nothing overlong, at most U+10FFFF).
bool isUtf8(ByteView bytes) noexcept;

}  // namespace facewire
