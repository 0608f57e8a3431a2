#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "FieldTable.h"

// Prints decoded messages as JSON, for the comparison with the vectors. Only the tests need it.

namespace facewire::testing {

/// Append `text` as a JSON string.
inline void printJson(std::string& out, std::string_view text) {
    out += '"';
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        if (character == '"' || character == '\\') {
            out += '\\';
            out += character;
        } else if (byte < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", byte);
            out += escape;
        } else {
            out += character;
        }
    }
    out += '"';
}

inline void printJson(std::string& out, const std::string& text) {
    printJson(out, std::string_view(text));
}

inline void printJson(std::string& out, bool flag) {
    out += flag ? "true" : "false";
}
inline void printJson(std::string& out, std::uint32_t number) {
    out += std::to_string(number);
}
inline void printJson(std::string& out, std::uint64_t number) {
    out += std::to_string(number);
}
inline void printJson(std::string& out, std::int64_t number) {
    out += std::to_string(number);
}

/// Always with a point or an exponent, so that it reads back as a double, the same one.
inline void printJson(std::string& out, double number) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.17g", number);
    out += digits;
    if (std::string_view(digits).find_first_of(".en") == std::string_view::npos) out += ".0";
}

inline void printJson(std::string& out, const ProtocolVersion& version) {
    out +=
        "[" + std::to_string(version.majorNumber) + "," + std::to_string(version.minorNumber) + "]";
}

inline void printJson(std::string& out, const FrameRate& rate) {
    out += "[" + std::to_string(rate.numerator) + "," + std::to_string(rate.denominator) + "]";
}

inline void printJson(std::string& out, const GeometrySize& size) {
    out += "[" + std::to_string(size.skin) + "," + std::to_string(size.tongue) + "]";
}

inline void printJson(std::string& out, AudioEncoding choice) {
    printJson(out, rules::choiceName(choice));
}
inline void printJson(std::string& out, StreamMode choice) {
    printJson(out, rules::choiceName(choice));
}
inline void printJson(std::string& out, MouthClose choice) {
    printJson(out, rules::choiceName(choice));
}

// Templates below call one another, so all of them are declared first.
template <typename Value>
void printJson(std::string& out, const std::vector<Value>& values);
template <typename Value>
void printJson(std::string& out, const std::vector<std::pair<std::string, Value>>& values);
template <typename Content>
void printRecord(std::string& out, const Content& content);

inline void printJson(std::string& out, const RingPlace& place) {
    printRecord(out, place);
}
inline void printJson(std::string& out, const RingPair& rings) {
    printRecord(out, rings);
}
inline void printJson(std::string& out, const ModelEntry& model) {
    printRecord(out, model);
}

inline void printJson(std::string& out, const EmotionKey& key) {
    out += "[" + std::to_string(key.time);
    char open = '[';
    out += ",";
    for (const double weight : key.weights) {
        out += open;
        printJson(out, weight);
        open = ',';
    }
    out += "]]";
}

/// Any checked value; integers beyond int64 do not occur in figures.
inline void printJson(std::string& out, const MsgPackValue& value) {
    bool first = true;
    const auto separate = [&] {
        if (!first) out += ',';
        first = false;
    };
    MsgPackValue inner;
    std::string_view key;
    switch (value.type()) {
        case MsgPackType::Null:
            out += "null";
            break;
        case MsgPackType::Boolean:
            printJson(out, *value.asBoolean());
            break;
        case MsgPackType::Integer:
            printJson(out, value.asSigned().value_or(0));
            break;
        case MsgPackType::Float:
            printJson(out, *value.asFloat());
            break;
        case MsgPackType::String:
            printJson(out, *value.asString());
            break;
        case MsgPackType::Array:
            out += '[';
            for (auto items = value.items(); items.next(inner);) {
                separate();
                printJson(out, inner);
            }
            out += ']';
            break;
        case MsgPackType::Map:
            out += '{';
            for (auto entries = value.entries(); entries.next(key, inner);) {
                separate();
                printJson(out, key);
                out += ':';
                printJson(out, inner);
            }
            out += '}';
            break;
    }
}

inline void printJson(std::string& out, const FigureTree& tree) {
    printJson(out, tree.root());
}

template <typename Value>
void printJson(std::string& out, const std::vector<Value>& values) {
    char open = '[';
    for (const Value& value : values) {
        out += open;
        printJson(out, value);
        open = ',';
    }
    out += values.empty() ? "[]" : "]";
}

template <typename Value>
void printJson(std::string& out, const std::vector<std::pair<std::string, Value>>& values) {
    char open = '{';
    for (const auto& [key, value] : values) {
        out += open;
        printJson(out, key);
        out += ':';
        printJson(out, value);
        open = ',';
    }
    out += values.empty() ? "{}" : "}";
}

/// Visitor that prints every field, absent ones as null.
template <typename Content>
class JsonFields {
public:
    JsonFields(std::string& out, const Content& content) : _out(out), _content(content) {}

    template <typename Member, typename Rule>
    void needed(std::string_view key, Member Content::* member, const Rule&) {
        begin(key);
        printJson(_out, _content.*member);
    }
    template <typename Member, typename Rule>
    void defaulted(std::string_view key, Member Content::* member, const Rule& rule) {
        needed(key, member, rule);
    }
    template <typename Member, typename Rule>
    void optional(std::string_view key, std::optional<Member> Content::* member, const Rule&) {
        begin(key);
        if (_content.*member) {
            printJson(_out, *(_content.*member));
        } else {
            _out += "null";
        }
    }

private:
    void begin(std::string_view key) {
        if (!_first) _out += ',';
        _first = false;
        printJson(_out, key);
        _out += ':';
    }

    std::string& _out;
    const Content& _content;
    bool _first = true;
};

template <typename Content>
void printRecord(std::string& out, const Content& content) {
    out += '{';
    JsonFields<Content> fields(out, content);
    rules::Fields<Content>::visit(fields);
    out += '}';
}

}  // namespace facewire::testing
