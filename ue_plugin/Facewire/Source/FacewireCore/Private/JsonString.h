#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "FacewireCore/ByteView.h"
#include "FacewireCore/Result.h"

namespace facewire {

/// Reads the strings of a JSON text, one after the other.
class JsonStringReader {
public:
    /// Strings are written into `characters`, which must have room for them: see take().
    JsonStringReader(ByteView text, std::vector<char>& characters) noexcept
        : _text(text), _characters(characters) {}

    /// Read the string whose opening quote is at `at`, and step behind its closing quote.
    ///
    /// `string` is a view of `characters`. No string is longer than it is written, so that a block
    /// of the size of the whole text never moves.
    Status take(std::size_t& at, std::string_view& string);

private:
    bool atEnd() const { return _at == _text.size(); }
    std::uint8_t peek() const { return atEnd() ? std::uint8_t{0} : _text[_at]; }
    bool takeByte(std::uint8_t byte);
    Status takeEscape();
    Status takeUnicodeEscape(std::size_t start);
    bool takeLowSurrogate(std::uint32_t& code);
    bool takeHexadecimal(std::uint32_t& code);
    void append(std::uint32_t byte);
    void appendUtf8(std::uint32_t code);
    Error refused(std::size_t offset, const char* text) const;

    ByteView _text;
    std::vector<char>& _characters;
    std::size_t _at = 0;
};

}  // namespace facewire
