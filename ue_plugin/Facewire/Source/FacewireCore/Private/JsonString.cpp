#include "JsonString.h"

#include "FacewireCore/JsonReader.h"
#include "FacewireCore/MsgPackReader.h"

namespace facewire {

Status JsonStringReader::take(std::size_t& at, std::string_view& string) {
    const std::size_t start = _characters.size();
    _at = at + 1;
    while (!takeByte('"')) {
        if (atEnd()) return refused(at, "This string has no end.");
        const std::uint8_t byte = peek();
        if (byte < 0x20) {
            return refused(_at, "A string must not hold a line end or control character.");
        }
        if (byte == '\\') {
            if (Status escape = takeEscape(); !escape) return escape;
        } else {
            append(byte);
            _at += 1;
        }
    }
    if (!isUtf8(_text.slice(at, _at - at))) return refused(at, "This string is not UTF-8.");
    string = std::string_view(_characters.data() + start, _characters.size() - start);
    at = _at;
    return Status();
}

bool JsonStringReader::takeByte(std::uint8_t byte) {
    if (atEnd() || peek() != byte) return false;
    _at += 1;
    return true;
}

Status JsonStringReader::takeEscape() {
    static constexpr std::string_view kShort = "\"\\/bfnrt";
    static constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    const std::size_t start = _at;
    _at += 1;
    if (takeByte('u')) return takeUnicodeEscape(start);
    const std::size_t found =
        atEnd() ? std::string_view::npos : kShort.find(static_cast<char>(peek()));
    if (found == std::string_view::npos) {
        return refused(start, "JSON has no such escape; a backslash itself is written twice.");
    }
    _characters.push_back(kMeant[found]);
    _at += 1;
    return Status();
}

Status JsonStringReader::takeUnicodeEscape(std::size_t start) {
    std::uint32_t code = 0;
    if (!takeHexadecimal(code)) {
        return refused(start, "Four hexadecimal digits must follow \\u.");
    }
    const bool isHigh = code >= 0xd800 && code < 0xdc00;
    const bool isLow = code >= 0xdc00 && code < 0xe000;
    if (isLow || (isHigh && !takeLowSurrogate(code))) {
        return refused(start, "This escape is half of a surrogate pair.");
    }
    appendUtf8(code);
    return Status();
}

bool JsonStringReader::takeLowSurrogate(std::uint32_t& code) {
    std::uint32_t low = 0;
    if (!takeByte('\\') || !takeByte('u') || !takeHexadecimal(low)) return false;
    if (low < 0xdc00 || low >= 0xe000) return false;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

bool JsonStringReader::takeHexadecimal(std::uint32_t& code) {
    code = 0;
    for (int digits = 0; digits < 4; ++digits) {
        const std::uint32_t byte = peek();
        const std::uint32_t letter = byte | 0x20;
        if (byte >= '0' && byte <= '9') {
            code = code * 16 + (byte - '0');
        } else if (letter >= 'a' && letter <= 'f') {
            code = code * 16 + (letter - 'a' + 10);
        } else {
            return false;
        }
        _at += 1;
    }
    return true;
}

void JsonStringReader::append(std::uint32_t byte) {
    _characters.push_back(static_cast<char>(static_cast<std::uint8_t>(byte)));
}

void JsonStringReader::appendUtf8(std::uint32_t code) {
    if (code < 0x80) return append(code);
    if (code < 0x800) {
        append(0xc0 | (code >> 6));
    } else if (code < 0x10000) {
        append(0xe0 | (code >> 12));
        append(0x80 | ((code >> 6) & 0x3f));
    } else {
        append(0xf0 | (code >> 18));
        append(0x80 | ((code >> 12) & 0x3f));
        append(0x80 | ((code >> 6) & 0x3f));
    }
    append(0x80 | (code & 0x3f));
}

Error JsonStringReader::refused(std::size_t offset, const char* text) const {
    return errorInText(_text, offset, ErrorCode::Malformed, text);
}

}  // namespace facewire
