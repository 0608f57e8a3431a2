#include <utility>

#include "FacewireCore/JsonReader.h"
#include "JsonNode.h"

namespace facewire {

JsonType JsonValue::type() const noexcept {
    return _node->type;
}

std::optional<bool> JsonValue::asBoolean() const noexcept {
    if (_node->type != JsonType::Boolean) return std::nullopt;
    return _node->flag;
}

std::optional<double> JsonValue::asNumber() const noexcept {
    if (_node->type != JsonType::Number) return std::nullopt;
    return _node->number;
}

std::optional<std::string_view> JsonValue::asString() const noexcept {
    if (_node->type != JsonType::String) return std::nullopt;
    return _node->text;
}

std::size_t JsonValue::size() const noexcept {
    return _node->count;
}

JsonItems JsonValue::items() const noexcept {
    const bool isList = _node->type == JsonType::List;
    return JsonItems(_node + 1, _node + (isList ? _node->nodes : 1));
}

JsonEntries JsonValue::entries() const noexcept {
    const bool isObject = _node->type == JsonType::Object;
    return JsonEntries(_node + 1, _node + (isObject ? _node->nodes : 1));
}

std::optional<JsonValue> JsonValue::find(std::string_view key) const noexcept {
    for (const JsonEntry entry : entries()) {
        if (entry.key == key) return entry.value;
    }
    return std::nullopt;
}

std::size_t JsonValue::offset() const noexcept {
    return _node->offset;
}

JsonItems::Iterator& JsonItems::Iterator::operator++() noexcept {
    _item += _item->nodes;
    return *this;
}

JsonEntry JsonEntries::Iterator::operator*() const noexcept {
    return JsonEntry{_key->text, JsonValue(_key[1]), _key->offset};
}

JsonEntries::Iterator& JsonEntries::Iterator::operator++() noexcept {
    const JsonNode* const value = _key + 1;
    _key = value + value->nodes;
    return *this;
}

JsonDocument::JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&& other) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&& other) noexcept = default;
JsonDocument::~JsonDocument() = default;

JsonValue JsonDocument::root() const noexcept {
    return JsonValue(_nodes.front());
}

TextPlace placeInText(ByteView text, std::size_t offset) noexcept {
    TextPlace place;
    const std::size_t end = offset < text.size() ? offset : text.size();
    for (std::size_t at = 0; at < end; ++at) {
        if (text[at] == '\n') {
            place.line += 1;
            place.column = 1;
        } else if ((text[at] & 0xc0) != 0x80) {  // one column a character, not a byte
            place.column += 1;
        }
    }
    return place;
}

Error errorInText(ByteView source, std::size_t offset, ErrorCode code, const std::string& text,
                  std::string field) {
    const TextPlace place = placeInText(source, offset);
    return Error{code,
                 "Line " + std::to_string(place.line) + ", column " + std::to_string(place.column) +
                     ": " + text,
                 std::move(field)};
}

}  // namespace facewire
