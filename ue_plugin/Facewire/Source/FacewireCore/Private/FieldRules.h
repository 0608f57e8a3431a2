#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "FacewireCore/Limits.h"
#include "FacewireCore/MessageTypes.h"
#include "FacewireCore/MsgPackReader.h"
#include "FacewireCore/MsgPackWriter.h"

/// What a header value may be: one small struct per kind of field, the same rules and refusals as
/// the daemon's. `read` checks and takes a value, `write` puts it on the wire; `name` is the header
/// key for the error. Wrong types are Malformed, values outside their range OutOfRange, too many
/// bytes or items TooLarge.
namespace facewire::rules {

inline constexpr std::uint64_t kU32 = 0xffff'ffff;
/// Whole numbers every JSON reader and Blueprint int64 keeps exactly.
inline constexpr std::uint64_t kU53 = (std::uint64_t{1} << 53) - 1;
inline constexpr std::uint64_t kI63 = 0x7fff'ffff'ffff'ffff;
/// UTF-8 bytes of a name inside a list or map.
inline constexpr std::size_t kNameBytes = 128;
inline constexpr std::size_t kMaxNames = 256;

Error wrongType(std::string_view name, std::string_view wanted);
Error outOfRange(std::string_view name, std::string_view wanted);
Error tooLarge(std::string_view name, std::size_t got, std::size_t limit);
Error missing(std::string_view name);

/// Refuse what is no array of minItems to maxItems items.
Status checkArray(const MsgPackValue& value, std::string_view name, std::size_t minItems,
                  std::size_t maxItems);

/// Refuse what is no map of at most maxEntries entries.
Status checkMap(const MsgPackValue& value, std::string_view name, std::size_t maxEntries);

/// Whole number in [minimum, maximum]; a boolean or a float is none.
struct Integer {
    std::uint64_t minimum;
    std::uint64_t maximum;

    template <typename Whole>
    Status read(const MsgPackValue& value, std::string_view name, Whole& out) const {
        std::uint64_t number = 0;
        if (Status whole = readWhole(value, name, number); !whole) return whole;
        out = static_cast<Whole>(number);
        return Status();
    }
    void write(MsgPackWriter& writer, std::uint64_t number) const {
        writer.unsignedInteger(number);
    }

private:
    Status readWhole(const MsgPackValue& value, std::string_view name, std::uint64_t& out) const;
};

/// Finite number in [minimum, maximum]; integers are taken too, for encoders that shrink 1.0.
struct Number {
    double minimum = -1e9;
    double maximum = 1e9;

    Status read(const MsgPackValue& value, std::string_view name, double& out) const;
    void write(MsgPackWriter& writer, double number) const { writer.number(number); }
};

/// True or false; 0 and 1 are none.
struct Boolean {
    Status read(const MsgPackValue& value, std::string_view name, bool& out) const;
    void write(MsgPackWriter& writer, bool flag) const { writer.boolean(flag); }
};

/// Text of at most maxBytes UTF-8 bytes.
struct String {
    std::size_t maxBytes = kMaxStringBytes;

    Status read(const MsgPackValue& value, std::string_view name, std::string& out) const;
    void write(MsgPackWriter& writer, std::string_view text) const { writer.string(text); }
};

/// Wire names of an enumeration, in its order.
template <typename Enum>
struct ChoiceNames;
template <>
struct ChoiceNames<AudioEncoding> {
    static constexpr std::array<std::string_view, 2> kNames = {"int16", "float32"};
};
template <>
struct ChoiceNames<StreamMode> {
    static constexpr std::array<std::string_view, 2> kNames = {"burst", "live"};
};
template <>
struct ChoiceNames<MouthClose> {
    static constexpr std::array<std::string_view, 2> kNames = {"arkit", "raw"};
};

/// The wire name of one value of an enumeration.
template <typename Enum>
constexpr std::string_view choiceName(Enum choice) noexcept {
    return ChoiceNames<Enum>::kNames[static_cast<std::size_t>(choice)];
}

/// One of the names of an enumeration.
struct Choice {
    template <typename Enum>
    Status read(const MsgPackValue& value, std::string_view name, Enum& out) const {
        std::string text;
        if (Status string = String{}.read(value, name, text); !string) return string;
        const auto& names = ChoiceNames<Enum>::kNames;
        for (std::size_t index = 0; index < names.size(); ++index) {
            if (names[index] != text) continue;
            out = static_cast<Enum>(index);
            return Status();
        }
        return outOfRange(name, "one of the names in SPEC");
    }
    template <typename Enum>
    void write(MsgPackWriter& writer, Enum choice) const {
        writer.string(choiceName(choice));
    }
};

/// List of values that keep one rule.
template <typename Item>
struct List {
    Item item;
    std::size_t minItems;
    std::size_t maxItems;

    template <typename Value>
    Status read(const MsgPackValue& value, std::string_view name, std::vector<Value>& out) const {
        if (Status array = checkArray(value, name, minItems, maxItems); !array) return array;
        out.clear();
        out.reserve(value.size());
        auto cursor = value.items();
        for (MsgPackValue entry; cursor.next(entry);) {
            if (Status read = item.read(entry, name, out.emplace_back()); !read) return read;
        }
        return Status();
    }
    template <typename Value>
    void write(MsgPackWriter& writer, const std::vector<Value>& values) const {
        writer.arrayHead(values.size());
        for (const Value& value : values)
            item.write(writer, value);
    }
};

/// List of whole numbers in [0, maximum]; a wrong type anywhere comes before a wrong value.
struct Integers {
    std::uint64_t maximum;
    std::size_t maxItems;

    Status read(const MsgPackValue& value, std::string_view name,
                std::vector<std::uint64_t>& out) const;
    void write(MsgPackWriter& writer, const std::vector<std::uint64_t>& numbers) const;
};

/// Two whole numbers, each in [minimum, maximum]; any struct of two members takes them.
struct Pair {
    std::uint64_t minimum;
    std::uint64_t maximum;

    template <typename Two>
    Status read(const MsgPackValue& value, std::string_view name, Two& out) const {
        if (value.type() != MsgPackType::Array || value.size() != 2) {
            return wrongType(name, "two whole numbers");
        }
        auto& [first, second] = out;
        const Integer item{minimum, maximum};
        auto cursor = value.items();
        MsgPackValue entry;
        cursor.next(entry);
        if (Status read = item.read(entry, name, first); !read) return read;
        cursor.next(entry);
        return item.read(entry, name, second);
    }
    template <typename Two>
    void write(MsgPackWriter& writer, const Two& two) const {
        const auto& [first, second] = two;
        writer.arrayHead(2);
        writer.unsignedInteger(first);
        writer.unsignedInteger(second);
    }
};

/// Names to values that keep one rule.
template <typename Item>
struct Named {
    Item item;

    template <typename Value>
    Status read(const MsgPackValue& value, std::string_view name,
                std::vector<std::pair<std::string, Value>>& out) const {
        if (Status map = checkMap(value, name, kMaxNames); !map) return map;
        out.clear();
        auto cursor = value.entries();
        std::string_view key;
        for (MsgPackValue entry; cursor.next(key, entry);) {
            if (key.size() > kNameBytes) return tooLarge(name, key.size(), kNameBytes);
            auto& [outKey, outValue] = out.emplace_back();
            outKey = key;
            if (Status read = item.read(entry, name, outValue); !read) return read;
        }
        return Status();
    }
    template <typename Value>
    void write(MsgPackWriter& writer,
               const std::vector<std::pair<std::string, Value>>& values) const {
        writer.mapHead(values.size());
        for (const auto& [key, value] : values) {
            writer.string(key);
            item.write(writer, value);
        }
    }
};

/// Emotion keys [time, ten weights in 0 to 1], times strictly increasing.
struct EmotionKeys {
    Status read(const MsgPackValue& value, std::string_view name,
                std::vector<EmotionKey>& out) const;
    void write(MsgPackWriter& writer, const std::vector<EmotionKey>& keys) const;
};

/// Free map of figures, as deep as a header allows; floats are finite, integers fit in int64.
struct Tree {
    Status read(const MsgPackValue& value, std::string_view name, FigureTree& out) const;
    void write(MsgPackWriter& writer, const FigureTree& tree) const;
};

}  // namespace facewire::rules
