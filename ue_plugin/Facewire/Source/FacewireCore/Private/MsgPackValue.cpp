#include <cstring>

#include "FacewireCore/MsgPackReader.h"
#include "MsgPackScanner.h"

namespace facewire {

namespace {

/// Read the value at the front of `rest` and step over it; false when nothing is left.
bool takeChecked(ByteView& rest, MsgPackValue& value) noexcept {
    if (rest.empty()) return false;
    value = MsgPackScanner::readChecked(rest);
    const std::size_t used = value.encoded().size();
    if (used == 0) return false;
    rest = rest.slice(used, rest.size() - used);
    return true;
}

}  // namespace

MsgPackValue::MsgPackValue() noexcept = default;

std::optional<bool> MsgPackValue::asBoolean() const noexcept {
    if (_type != MsgPackType::Boolean) return std::nullopt;
    return _bits != 0;
}

std::optional<std::uint64_t> MsgPackValue::asUnsigned() const noexcept {
    if (_type != MsgPackType::Integer || _negative) return std::nullopt;
    return _bits;
}

std::optional<std::int64_t> MsgPackValue::asSigned() const noexcept {
    if (_type != MsgPackType::Integer) return std::nullopt;
    if (!_negative && (_bits >> 63) != 0) return std::nullopt;
    std::int64_t number = 0;
    std::memcpy(&number, &_bits, sizeof number);
    return number;
}

std::optional<double> MsgPackValue::asFloat() const noexcept {
    if (_type != MsgPackType::Float) return std::nullopt;
    double number = 0;
    std::memcpy(&number, &_bits, sizeof number);
    return number;
}

std::optional<double> MsgPackValue::asNumber() const noexcept {
    if (const auto whole = asUnsigned()) return static_cast<double>(*whole);
    if (const auto whole = asSigned()) return static_cast<double>(*whole);
    return asFloat();
}

std::optional<std::string_view> MsgPackValue::asString() const noexcept {
    if (_type != MsgPackType::String) return std::nullopt;
    return _body.text();
}

MsgPackArrayCursor MsgPackValue::items() const noexcept {
    return MsgPackArrayCursor(*this);
}

MsgPackMapCursor MsgPackValue::entries() const noexcept {
    return MsgPackMapCursor(*this);
}

MsgPackArrayCursor::MsgPackArrayCursor(const MsgPackValue& array) noexcept
    : _rest(MsgPackScanner::body(array)),
      _remaining(array.type() == MsgPackType::Array ? array.size() : 0) {}

bool MsgPackArrayCursor::next(MsgPackValue& item) noexcept {
    if (_remaining == 0 || !takeChecked(_rest, item)) return false;
    _remaining -= 1;
    return true;
}

MsgPackMapCursor::MsgPackMapCursor(const MsgPackValue& map) noexcept
    : _rest(MsgPackScanner::body(map)),
      _remaining(map.type() == MsgPackType::Map ? map.size() : 0) {}

bool MsgPackMapCursor::next(std::string_view& key, MsgPackValue& value) noexcept {
    MsgPackValue name;
    if (_remaining == 0 || !takeChecked(_rest, name)) return false;
    if (!takeChecked(_rest, value)) return false;
    key = name.asString().value_or(std::string_view());
    _remaining -= 1;
    return true;
}

}  // namespace facewire
