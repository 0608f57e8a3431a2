#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "FacewireCore/JsonReader.h"
#include "FacewireCore/MappingTable.h"
#include "FacewireCore/Span.h"

namespace facewire::tables {

/// Where in a table's file something stands, in bytes and in words.
struct Place {
    std::size_t offset = 0;
    /// Such as: curve "mouthClose", key "from"; empty at the outermost level.
    std::string words;
    /// The innermost key.
    std::string key;

    /// The value of a key of the object here.
    Place atKey(std::string_view name, JsonValue value) const;
    /// Something inside that has a name of its own, such as: curve "mouthClose".
    Place atNamed(std::string_view what, std::string_view name, std::size_t itsOffset) const;
};

/// Takes the values of a table's file, and keeps the first reason to refuse them.
///
/// After a refusal the accessors go on and answer with defaults, so that a reader needs to ask only
/// once, at its end.
class Refusals {
public:
    explicit Refusals(ByteView text) noexcept : _text(text) {}

    bool none() const noexcept { return !_first.has_value(); }
    /// The first refusal; only when there is one.
    const Error& first() const noexcept { return *_first; }

    /// Refuse what stands at `place`; `text` says what is wrong and `hint` what to do.
    void add(const Place& place, std::string_view text, std::string_view hint = {},
             ErrorCode code = ErrorCode::Malformed);
    /// Refuse a name that is none of `known`; the hint is the nearest of them, else `otherwise`.
    void addUnknown(const Place& place, std::string_view what, std::string_view name,
                    Span<const std::string_view> known, std::string_view otherwise);

    /// A value of this type; nothing, with a refusal, for any other.
    bool isType(JsonValue value, JsonType type, const Place& place);
    std::string_view text(JsonValue value, const Place& place);
    /// A number of the allowed size; -0 as 0.
    double number(JsonValue value, const Place& place);
    /// A curve's name.
    std::string_view name(JsonValue value, const Place& place);
    /// A place in kMappingInputs.
    std::size_t input(std::string_view name, const Place& place);
    /// Two numbers.
    ValueRange pair(JsonValue value, const Place& place);
    /// Refuse a count outside [least, most]; `what` are the things counted.
    bool isCount(std::size_t count, std::size_t least, std::size_t most, std::string_view what,
                 const Place& place);

private:
    ByteView _text;
    std::optional<Error> _first;
};

/// The values of one object whose keys are known.
class Fields {
public:
    /// Refuses what is no object, and keys that are not among `keys`.
    Fields(Refusals& refusals, JsonValue object, Place place, Span<const std::string_view> keys);

    const Place& place() const noexcept { return _place; }
    std::optional<JsonValue> find(std::string_view key) const { return _object.find(key); }
    /// The value of a key that must be there; nothing, with a refusal, when it is not.
    std::optional<JsonValue> required(std::string_view key) const;
    /// The value of a key that may be absent; nothing, with a refusal, for one of another type.
    std::optional<JsonValue> optional(std::string_view key, JsonType type) const;
    /// The place of a key's value; of the object when the key is absent.
    Place at(std::string_view key) const;
    /// A text; empty when the key is absent.
    std::string_view text(std::string_view key) const;
    /// A number; `absent` when the key is.
    double number(std::string_view key, double absent) const;

private:
    Refusals& _refusals;
    JsonValue _object;
    Place _place;
};

/// A name between quotes for a message: cut when long, without control characters.
std::string quoted(std::string_view name);

/// A number for a message, as short as it can be.
std::string shown(double number);

}  // namespace facewire::tables
