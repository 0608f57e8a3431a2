#pragma once

#include "FacewireCore/ByteView.h"
#include "FacewireCore/MsgPackReader.h"

namespace facewire {

/// Reads the head of one value: type, number or length, body. Never past the bytes it was given.
class MsgPackScanner {
public:
    /// Why a head could not be read.
    enum class Fault : std::uint8_t { Whole, Truncated, NoHeaderType };

    /// Read the value that starts `bytes`.
    ///
    /// For scalars and text `value.encoded()` is the whole value; for arrays and maps it is
    /// the head alone, and `body(value)` all the bytes after it.
    static Fault readHead(ByteView bytes, MsgPackValue& value) noexcept;

    static ByteView body(const MsgPackValue& value) noexcept { return value._body; }

    /// Make an array or map end where its last item does, `encodedSize` bytes from its start.
    static void close(MsgPackValue& value, const std::uint8_t* start,
                      std::size_t encodedSize) noexcept;

    /// Read the whole value that starts checked bytes, however deep it is.
    static MsgPackValue readChecked(ByteView bytes) noexcept;

private:
    static Fault readNumber(ByteView bytes, MsgPackValue& value) noexcept;
    static Fault readSized(ByteView bytes, MsgPackType type, std::size_t lengthBytes,
                           MsgPackValue& value) noexcept;
    static Fault setBody(ByteView bytes, MsgPackType type, std::size_t headBytes,
                         std::uint32_t count, MsgPackValue& value) noexcept;
};

}  // namespace facewire
