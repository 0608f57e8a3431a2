#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "FacewireCore/ByteView.h"

namespace facewire {

/// Appends MessagePack to a byte vector, each value in its shortest form.
///
/// The caller says how many items or entries follow an array or map, and writes that many.
class MsgPackWriter {
public:
    void null();
    void boolean(bool value);
    void unsignedInteger(std::uint64_t value);
    void signedInteger(std::int64_t value);
    /// Always 64 bits, as the daemon writes it.
    void number(double value);
    /// `text` must be UTF-8 of less than 4 GiB; the sender keeps the limits, this does not check.
    void string(std::string_view text);
    void arrayHead(std::size_t items);
    void mapHead(std::size_t entries);
    /// One value that is already encoded.
    void encoded(ByteView value);

    /// What was written so far.
    const std::vector<std::uint8_t>& bytes() const noexcept { return _bytes; }
    /// Hand the bytes over; the writer is empty afterwards.
    std::vector<std::uint8_t> take() noexcept;

private:
    void byte(std::uint64_t value) { _bytes.push_back(static_cast<std::uint8_t>(value)); }
    void bigEndian(std::uint64_t value, std::size_t size);
    void append(ByteView bytes);

    std::vector<std::uint8_t> _bytes;
};

}  // namespace facewire
