#include "TableFields.h"

#include <cmath>
#include <cstdio>
#include <utility>

#include "FacewireCore/MappingInputs.h"
#include "NearestName.h"

namespace facewire::tables {

namespace {

std::string_view wordsOf(JsonType type) {
    switch (type) {
        case JsonType::Null:
            return "null";
        case JsonType::Boolean:
            return "true or false";
        case JsonType::Number:
            return "a number";
        case JsonType::String:
            return "text";
        case JsonType::List:
            return "a list";
        case JsonType::Object:
            break;
    }
    return "an object";
}

bool isControl(char character) {
    return static_cast<unsigned char>(character) < 0x20 || character == 0x7f;
}

/// Join words with commas, the later ones further inside.
std::string joined(const std::string& outer, const std::string& inner) {
    return outer.empty() ? inner : outer + ", " + inner;
}

}  // namespace

std::string quoted(std::string_view name) {
    static constexpr std::size_t kMostBytes = 60;
    std::string text = "\"";
    std::size_t bytes = 0;
    for (const char character : name) {
        const bool startsCharacter = (static_cast<unsigned char>(character) & 0xc0) != 0x80;
        if (bytes >= kMostBytes && startsCharacter) return text + "...\"";
        text += isControl(character) ? '?' : character;
        bytes += 1;
    }
    return text + "\"";
}

std::string shown(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", number);
    return text;
}

Place Place::atKey(std::string_view name, JsonValue value) const {
    return Place{value.offset(), joined(words, "key " + quoted(name)), std::string(name)};
}

Place Place::atNamed(std::string_view what, std::string_view name, std::size_t itsOffset) const {
    return Place{itsOffset, joined(words, std::string(what) + " " + quoted(name)), key};
}

void Refusals::add(const Place& place, std::string_view text, std::string_view hint,
                   ErrorCode code) {
    if (_first) return;
    std::string sentence = place.words.empty() ? std::string() : place.words + ": ";
    sentence += text;
    if (!hint.empty()) sentence.append(" ").append(hint);
    _first = errorInText(_text, place.offset, code, sentence, place.key);
}

void Refusals::addUnknown(const Place& place, std::string_view what, std::string_view name,
                          Span<const std::string_view> known, std::string_view otherwise) {
    if (_first) return;
    const auto nearest = nearestName(name, known);
    const std::string hint =
        nearest ? "Did you mean " + quoted(*nearest) + "?" : std::string(otherwise);
    add(place, "there is no " + std::string(what) + " " + quoted(name) + ".", hint);
}

bool Refusals::isType(JsonValue value, JsonType type, const Place& place) {
    if (value.type() == type) return true;
    add(place, "must be " + std::string(wordsOf(type)) + ", not " +
                   std::string(wordsOf(value.type())) + ".");
    return false;
}

std::string_view Refusals::text(JsonValue value, const Place& place) {
    if (!isType(value, JsonType::String, place)) return {};
    return *value.asString();
}

double Refusals::number(JsonValue value, const Place& place) {
    if (!isType(value, JsonType::Number, place)) return 0;
    const double number = *value.asNumber();
    if (std::fabs(number) > kMaxMappingNumber) {
        add(place, shown(number) + " is out of range: -1000 to 1000.", {}, ErrorCode::OutOfRange);
        return 0;
    }
    return number + 0.0;
}

std::string_view Refusals::name(JsonValue value, const Place& place) {
    const std::string_view name = text(value, place);
    if (!none()) return name;
    isCount(name.size(), 1, kMaxCurveNameBytes, "bytes in a name", place);
    for (const char character : name) {
        if (isControl(character)) {
            add(place, "the name " + quoted(name) + " holds a control character.");
        }
    }
    return name;
}

std::size_t Refusals::input(std::string_view name, const Place& place) {
    const std::optional<std::size_t> input = mappingInputOf(name);
    if (!input) {
        addUnknown(place, "input", name, kMappingInputs,
                   "Inputs are ARKit's names, such as \"jawOpen\", and gaze angles.");
    }
    return input.value_or(0);
}

ValueRange Refusals::pair(JsonValue value, const Place& place) {
    if (!isType(value, JsonType::List, place)) return {};
    if (value.size() != 2) {
        add(place, "must hold two numbers, not " + std::to_string(value.size()) + ".");
        return {};
    }
    const JsonItems items = value.items();
    JsonItems::Iterator item = items.begin();
    const double first = number(*item, place);
    ++item;
    return {first, number(*item, place)};
}

bool Refusals::isCount(std::size_t count, std::size_t least, std::size_t most,
                       std::string_view what, const Place& place) {
    if (count >= least && count <= most) return true;
    add(place,
        std::to_string(least) + " to " + std::to_string(most) + " " + std::string(what) +
            " are allowed, here are " + std::to_string(count) + ".",
        {}, count > most ? ErrorCode::TooLarge : ErrorCode::OutOfRange);
    return false;
}

Fields::Fields(Refusals& refusals, JsonValue object, Place place, Span<const std::string_view> keys)
    : _refusals(refusals), _object(object), _place(std::move(place)) {
    if (!refusals.isType(object, JsonType::Object, _place)) return;
    for (const JsonEntry entry : object.entries()) {
        bool isKnown = false;
        for (const std::string_view key : keys)
            isKnown = isKnown || key == entry.key;
        if (isKnown) continue;
        Place here = _place;
        here.offset = entry.keyOffset;
        here.key = entry.key;
        std::string all = "Its keys are";
        for (const std::string_view key : keys)
            all.append(key == keys[0] ? " " : ", ").append(key);
        refusals.addUnknown(here, "key", entry.key, keys, all + ".");
        return;
    }
}

std::optional<JsonValue> Fields::required(std::string_view key) const {
    const std::optional<JsonValue> value = find(key);
    if (!value) {
        Place here = _place;
        here.key = key;
        _refusals.add(here, "the key " + quoted(key) + " is missing.");
    }
    return value;
}

std::optional<JsonValue> Fields::optional(std::string_view key, JsonType type) const {
    const std::optional<JsonValue> value = find(key);
    if (!value || !_refusals.isType(*value, type, at(key))) return std::nullopt;
    return value;
}

Place Fields::at(std::string_view key) const {
    const std::optional<JsonValue> value = find(key);
    return value ? _place.atKey(key, *value) : _place;
}

std::string_view Fields::text(std::string_view key) const {
    const std::optional<JsonValue> value = find(key);
    return value ? _refusals.text(*value, _place.atKey(key, *value)) : std::string_view();
}

double Fields::number(std::string_view key, double absent) const {
    const std::optional<JsonValue> value = find(key);
    return value ? _refusals.number(*value, _place.atKey(key, *value)) : absent;
}

}  // namespace facewire::tables
