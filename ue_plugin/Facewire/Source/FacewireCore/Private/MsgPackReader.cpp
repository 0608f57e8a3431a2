#include "FacewireCore/MsgPackReader.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "FacewireCore/Limits.h"
#include "MsgPackScanner.h"

namespace facewire {

namespace {

Error headerTooLarge(const char* what, std::size_t got, std::size_t limit) {
    return Error{ErrorCode::TooLarge,
                 "The header has " + std::to_string(got) + " " + what + "; " +
                     std::to_string(limit) + " are allowed.",
                 ""};
}

Error headerMalformed(std::string text) {
    return Error{ErrorCode::Malformed, std::move(text), ""};
}

bool isContainer(const MsgPackValue& value) {
    return value.type() == MsgPackType::Array || value.type() == MsgPackType::Map;
}

/// Checks lengths, limits and nesting, and nothing else: types and texts are for a second walk,
/// so that an oversized header is called oversized whatever else is wrong with it.
class StructureCheck {
public:
    explicit StructureCheck(ByteView bytes) : _bytes(bytes) {}

    Status run() {
        do {
            if (Status value = checkNext(); !value) return value;
            while (_depth > 0 && _remaining[_depth - 1] == 0)
                _depth -= 1;
        } while (_depth > 0);
        if (_offset != _bytes.size()) {
            return headerMalformed(std::to_string(_bytes.size() - _offset) +
                                   " bytes follow the header map.");
        }
        return Status();
    }

private:
    Status checkNext() {
        if (_values == kMaxValues) return headerTooLarge("values", _values + 1, kMaxValues);
        MsgPackValue value;
        const ByteView rest = _bytes.slice(_offset, _bytes.size() - _offset);
        const MsgPackScanner::Fault fault = MsgPackScanner::readHead(rest, value);
        if (fault == MsgPackScanner::Fault::NoHeaderType) {
            return headerMalformed("The header has a type that has no place there.");
        }
        // Limits before truncation: a declared length beyond them is refused as such.
        if (Status size = checkSize(value); !size) return size;
        if (fault == MsgPackScanner::Fault::Truncated) {
            return headerMalformed("The header ends in the middle of a value.");
        }
        _values += 1;
        _offset += value.encoded().size();
        if (_depth > 0) _remaining[_depth - 1] -= 1;
        if (isContainer(value)) {
            const std::uint64_t perItem = value.type() == MsgPackType::Map ? 2 : 1;
            _remaining[_depth] = perItem * value.size();
            _depth += 1;
        }
        return Status();
    }

    Status checkSize(const MsgPackValue& value) const {
        if (value.type() == MsgPackType::String && value.size() > kMaxStringBytes) {
            return headerTooLarge("bytes in a string", value.size(), kMaxStringBytes);
        }
        if (!isContainer(value)) return Status();
        if (_depth == kMaxDepth) return headerTooLarge("levels", _depth + 1, kMaxDepth);
        if (value.size() > kMaxItems) {
            return headerTooLarge("items in a list or map", value.size(), kMaxItems);
        }
        return Status();
    }

    ByteView _bytes;
    std::size_t _offset = 0;
    std::size_t _values = 0;
    std::size_t _depth = 0;
    /// Values still to come in each open container, outermost first.
    std::array<std::uint64_t, kMaxDepth> _remaining{};
};

/// Checks texts and map keys of a header whose structure is sound.
class ContentCheck {
public:
    Status run(ByteView bytes) {
        std::size_t offset = 0;
        do {
            MsgPackValue value;
            const ByteView rest = bytes.slice(offset, bytes.size() - offset);
            if (MsgPackScanner::readHead(rest, value) != MsgPackScanner::Fault::Whole) break;
            offset += value.encoded().size();
            if (Status content = checkValue(value); !content) return content;
            if (Status ends = closeFinished(); !ends) return ends;
        } while (_depth > 0);
        return Status();
    }

private:
    /// An array or map whose end has not come yet.
    struct Open {
        std::uint64_t remaining = 0;
        bool isMap = false;
        /// Keys seen so far; the memory serves the next map of this depth again.
        std::vector<std::string_view> keys;
    };

    Status checkValue(const MsgPackValue& value) {
        const auto text = value.asString();
        if (text && !isUtf8(bytesOf(*text))) return headerMalformed("A string is not UTF-8.");
        if (_depth > 0) {
            Open& parent = _open[_depth - 1];
            const bool isKey = parent.isMap && parent.remaining % 2 == 0;
            parent.remaining -= 1;
            if (isKey && !text) return headerMalformed("A map key is not a string.");
            if (isKey) parent.keys.push_back(*text);
        }
        if (isContainer(value)) open(value);
        return Status();
    }

    void open(const MsgPackValue& value) {
        Open& opened = _open[_depth];
        opened.isMap = value.type() == MsgPackType::Map;
        opened.remaining = (opened.isMap ? 2U : 1U) * std::uint64_t{value.size()};
        opened.keys.clear();
        _depth += 1;
    }

    Status closeFinished() {
        while (_depth > 0 && _open[_depth - 1].remaining == 0) {
            std::vector<std::string_view>& keys = _open[_depth - 1].keys;
            std::sort(keys.begin(), keys.end());
            if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) {
                return headerMalformed("A key appears twice in a map of the header.");
            }
            keys.clear();
            _depth -= 1;
        }
        return Status();
    }

    static ByteView bytesOf(std::string_view text) {
        return ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    }

    std::size_t _depth = 0;
    std::array<Open, kMaxDepth> _open;
};

}  // namespace

Result<MsgPackValue> readMsgPack(ByteView bytes) {
    if (bytes.size() > kMaxHeaderBytes) {
        return headerTooLarge("bytes", bytes.size(), kMaxHeaderBytes);
    }
    const bool isMap = !bytes.empty() && ((bytes[0] & 0xf0) == 0x80 || (bytes[0] | 1) == 0xdf);
    if (!isMap) return headerMalformed("A header must be one MessagePack map.");
    if (Status structure = StructureCheck(bytes).run(); !structure) {
        return std::move(structure).error();
    }
    if (Status content = ContentCheck().run(bytes); !content) return std::move(content).error();
    return MsgPackScanner::readChecked(bytes);
}

}  // namespace facewire
