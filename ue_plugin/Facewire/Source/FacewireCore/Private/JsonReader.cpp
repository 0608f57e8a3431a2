#include "FacewireCore/JsonReader.h"

#include <algorithm>
#include <utility>

#include "JsonNode.h"
#include "JsonNumber.h"
#include "JsonString.h"

namespace facewire {

/// Reads a text from front to back into a document; recursion is bounded by kMaxJsonDepth.
class JsonParser {
public:
    JsonParser(ByteView text, JsonDocument& document)
        : _text(text), _nodes(document._nodes), _strings(text, document._characters) {
        document._characters.reserve(text.size());
    }

    Status run() {
        skipSpace();
        if (Status root = parseValue(); !root) return root;
        skipSpace();
        if (!atEnd()) return refused(_at, "The text goes on after its value.");
        return Status();
    }

private:
    bool atEnd() const { return _at == _text.size(); }
    /// The byte to read next; at the end a zero, which has no place between JSON values.
    char peek() const { return atEnd() ? '\0' : static_cast<char>(_text[_at]); }
    static bool isDigit(char character) { return character >= '0' && character <= '9'; }

    bool take(char character) {
        if (atEnd() || peek() != character) return false;
        _at += 1;
        return true;
    }

    bool takeWord(std::string_view word) {
        if (_text.size() - _at < word.size()) return false;
        if (_text.slice(_at, word.size()).text() != word) return false;
        _at += word.size();
        return true;
    }

    void skipSpace() {
        while (!atEnd() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r'))
            _at += 1;
    }

    Error refused(std::size_t offset, const char* text,
                  ErrorCode code = ErrorCode::Malformed) const {
        return errorInText(_text, offset, code, text);
    }

    /// Start a value here. An index, since the block of nodes may move while the value is filled.
    std::size_t begin(JsonType type) {
        JsonNode& node = _nodes.emplace_back();
        node.type = type;
        node.offset = static_cast<std::uint32_t>(_at);
        return _nodes.size() - 1;
    }

    Status parseValue() {
        const char first = peek();
        if (first == '{') return parseContainer(JsonType::Object, '}');
        if (first == '[') return parseContainer(JsonType::List, ']');
        if (first == '"') return parseString();
        if (first == '-' || isDigit(first)) return parseNumber();
        return parseWord();
    }

    Status parseWord() {
        const std::size_t index = begin(JsonType::Null);
        if (takeWord("null")) return Status();
        _nodes[index].type = JsonType::Boolean;
        _nodes[index].flag = takeWord("true");
        if (_nodes[index].flag || takeWord("false")) return Status();
        return noValue();
    }

    /// What stands where a value must: the slips of people who write JSON by hand.
    Error noValue() const {
        if (atEnd()) return refused(_at, "The text ends where a value must follow.");
        switch (peek()) {
            case '}':
            case ']':
                return refused(_at, "A value must stand here; is there a comma too many?");
            case '/':
            case '#':
                return refused(_at, "A value must stand here; JSON has no comments.");
            case '\'':
                return refused(_at, "A value must stand here; JSON's quotes are double ones.");
            case 'N':
            case 'I':
                return refused(_at, "A value must stand here; JSON has no NaN or Infinity.");
            default:
                return refused(_at, "A value must stand here.");
        }
    }

    Status parseContainer(JsonType type, char closing) {
        static_assert(kMaxJsonDepth == 8, "the text below says so");
        if (_depth == kMaxJsonDepth) {
            return refused(_at, "This is nested too deeply; 8 levels are allowed.",
                           ErrorCode::TooLarge);
        }
        const std::size_t index = begin(type);
        _depth += 1;
        _at += 1;  // the bracket
        skipSpace();
        std::uint32_t count = 0;
        for (bool more = !take(closing); more; ++count) {
            if (Status item = type == JsonType::List ? parseValue() : parseEntry(); !item) {
                return item;
            }
            if (Status after = afterItem(_nodes[index], closing, more); !after) return after;
        }
        _depth -= 1;
        _nodes[index].count = count;
        _nodes[index].nodes = static_cast<std::uint32_t>(_nodes.size() - index);
        return checkKeys(JsonValue(_nodes[index]));
    }

    /// Step over what follows an item; `more` becomes whether another one does.
    Status afterItem(const JsonNode& container, char closing, bool& more) {
        skipSpace();
        more = take(',');
        if (!more && !take(closing)) {
            if (atEnd()) return refused(container.offset, "The text ends before this does.");
            return refused(_at, closing == ']' ? "A comma or ] must stand here."
                                               : "A comma or } must stand here.");
        }
        skipSpace();
        return Status();
    }

    Status parseEntry() {
        if (atEnd() || peek() == '}') return noValue();
        if (peek() != '"') return refused(_at, "A key in double quotes must stand here.");
        if (Status key = parseString(); !key) return key;
        skipSpace();
        if (!take(':')) return refused(_at, "A colon must stand between a key and its value.");
        skipSpace();
        return parseValue();
    }

    Status checkKeys(JsonValue object) const {
        using Key = std::pair<std::string_view, std::size_t>;
        std::vector<Key> keys;
        for (const JsonEntry entry : object.entries())
            keys.emplace_back(entry.key, entry.keyOffset);
        std::sort(keys.begin(), keys.end());
        const auto isSame = [](const Key& left, const Key& right) {
            return left.first == right.first;
        };
        const auto twice = std::adjacent_find(keys.begin(), keys.end(), isSame);
        if (twice == keys.end()) return Status();
        return refused((twice + 1)->second, "This key was there before in the same object.");
    }

    Status parseString() {
        JsonNode& node = _nodes[begin(JsonType::String)];
        return _strings.take(_at, node.text);
    }

    Status parseNumber() {
        JsonNode& node = _nodes[begin(JsonType::Number)];
        const std::size_t start = _at;
        if (!takeNumber()) return refused(_at, "A digit must stand here.");
        const auto number = doubleFromJson(_text.slice(start, _at - start).text());
        if (!number) {
            return refused(start, "This number is larger than any that can be held.",
                           ErrorCode::OutOfRange);
        }
        node.number = *number;
        return Status();
    }

    bool takeNumber() {
        take('-');
        if (!take('0') && !takeDigits()) return false;
        if (take('.') && !takeDigits()) return false;
        if (!take('e') && !take('E')) return true;
        if (!take('+')) take('-');
        return takeDigits();
    }

    bool takeDigits() {
        const std::size_t start = _at;
        while (isDigit(peek()))
            _at += 1;
        return _at > start;
    }

    ByteView _text;
    std::vector<JsonNode>& _nodes;
    JsonStringReader _strings;
    std::size_t _at = 0;
    std::size_t _depth = 0;
};

Result<JsonDocument> readJson(ByteView text) {
    if (text.size() > kMaxJsonBytes) {
        return Error{ErrorCode::TooLarge,
                     "The text has " + std::to_string(text.size()) + " bytes; " +
                         std::to_string(kMaxJsonBytes) + " are allowed.",
                     ""};
    }
    JsonDocument document;
    if (Status parsed = JsonParser(text, document).run(); !parsed) return std::move(parsed).error();
    return document;
}

}  // namespace facewire
