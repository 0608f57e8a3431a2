#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "FacewireCore/ByteView.h"
#include "FacewireCore/Result.h"

namespace facewire {

/// One JSON file; a larger one is refused before it is read.
inline constexpr std::size_t kMaxJsonBytes = 1024 * 1024;
/// Nesting of lists and objects in a file, the outermost counted.
inline constexpr std::size_t kMaxJsonDepth = 8;

/// What a JSON value is.
enum class JsonType : std::uint8_t { Null, Boolean, Number, String, List, Object };

struct JsonNode;
class JsonItems;
class JsonEntries;

/// A view of one value of a JsonDocument, good for as long as that is.
///
/// Every accessor answers "nothing" for a value of another type, so that a caller never has to ask
/// for the type first.
class JsonValue {
public:
    explicit JsonValue(const JsonNode& node) noexcept : _node(&node) {}

    JsonType type() const noexcept;

    std::optional<bool> asBoolean() const noexcept;
    /// A finite number: the double nearest to what is written.
    std::optional<double> asNumber() const noexcept;
    /// Valid UTF-8 with the escapes resolved, not ended by a zero.
    std::optional<std::string_view> asString() const noexcept;

    /// Items of a list, entries of an object, else 0.
    std::size_t size() const noexcept;
    /// Walks a list; over any other type the walk is empty.
    JsonItems items() const noexcept;
    /// Walks an object in the order of the text; over any other type the walk is empty.
    JsonEntries entries() const noexcept;
    /// The value of a key of an object.
    std::optional<JsonValue> find(std::string_view key) const noexcept;

    /// The byte of the text where the value starts.
    std::size_t offset() const noexcept;

private:
    const JsonNode* _node;
};

/// The items of a list, for a range-based loop.
class JsonItems {
public:
    class Iterator {
    public:
        explicit Iterator(const JsonNode* item) noexcept : _item(item) {}
        JsonValue operator*() const noexcept { return JsonValue(*_item); }
        Iterator& operator++() noexcept;
        bool operator!=(const Iterator& other) const noexcept { return _item != other._item; }

    private:
        const JsonNode* _item;
    };

    JsonItems(const JsonNode* first, const JsonNode* end) noexcept : _first(first), _end(end) {}
    Iterator begin() const noexcept { return Iterator(_first); }
    Iterator end() const noexcept { return Iterator(_end); }

private:
    const JsonNode* _first;
    const JsonNode* _end;
};

/// A key of an object and its value.
struct JsonEntry {
    std::string_view key;
    JsonValue value;
    /// The byte of the text where the key starts.
    std::size_t keyOffset;
};

/// The entries of an object, for a range-based loop.
class JsonEntries {
public:
    class Iterator {
    public:
        explicit Iterator(const JsonNode* key) noexcept : _key(key) {}
        JsonEntry operator*() const noexcept;
        Iterator& operator++() noexcept;
        bool operator!=(const Iterator& other) const noexcept { return _key != other._key; }

    private:
        const JsonNode* _key;
    };

    JsonEntries(const JsonNode* first, const JsonNode* end) noexcept : _first(first), _end(end) {}
    Iterator begin() const noexcept { return Iterator(_first); }
    Iterator end() const noexcept { return Iterator(_end); }

private:
    const JsonNode* _first;
    const JsonNode* _end;
};

/// A checked JSON text, with a copy of all that its values say. It moves and is not copied.
class JsonDocument {
public:
    JsonDocument();
    JsonDocument(JsonDocument&& other) noexcept;
    JsonDocument& operator=(JsonDocument&& other) noexcept;
    ~JsonDocument();

    /// The outermost value; only of a document that readJson() made.
    JsonValue root() const noexcept;

private:
    friend class JsonParser;

    /// Every value follows the one that holds it; an object's keys are nodes of their own.
    std::vector<JsonNode> _nodes;
    /// The characters of all strings. Its block never moves: the nodes point into it.
    std::vector<char> _characters;
};

/// Read exactly one JSON text (RFC 8259, without a byte order mark).
///
/// Refused as TooLarge: more than kMaxJsonBytes, nesting deeper than kMaxJsonDepth. Refused as
/// OutOfRange: a number that no double can hold. Refused as Malformed: all that RFC 8259 does not
/// allow, and beyond it keys that come twice in an object, text that is not UTF-8, and escapes of
/// half a surrogate pair. Memory stays proportional to the text.
///
/// @returns The document, or an error whose text names line and column.
Result<JsonDocument> readJson(ByteView text);

/// A place for people: lines and columns count from 1, columns in characters.
struct TextPlace {
    std::size_t line = 1;
    std::size_t column = 1;
};

/// The place of the byte at `offset` in UTF-8 text; the end of the text when it lies past it.
TextPlace placeInText(ByteView text, std::size_t offset) noexcept;

/// An error about the byte at `offset` of `source`: "Line 3, column 17: " and then `text`.
Error errorInText(ByteView source, std::size_t offset, ErrorCode code, const std::string& text,
                  std::string field = {});

}  // namespace facewire
