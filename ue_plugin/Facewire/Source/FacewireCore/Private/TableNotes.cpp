#include "TableNotes.h"

namespace facewire::tables {

namespace {

void checkMirrors(Refusals& refusals, const Fields& table, const std::vector<JsonValue>& curves,
                  const CurveNames& names) {
    for (const JsonValue curve : curves) {
        auto mirror = curve.find("mirror");
        if (mirror && mirror->type() == JsonType::Object) mirror = mirror->find("curve");
        const auto other = mirror ? mirror->asString() : std::nullopt;
        if (!other) continue;
        const auto name = curve.find("name")->asString().value_or(std::string_view());
        const Place place = table.place().atNamed("curve", name, curve.offset());
        names.find(refusals, *other, place.atKey("mirror", *mirror));
    }
}

void checkSides(Refusals& refusals, const Fields& table) {
    const auto sides = table.optional("sides", JsonType::List);
    if (!sides) return;
    const Place place = table.at("sides");
    for (const JsonValue side : sides->items()) {
        if (!refusals.isType(side, JsonType::List, place)) return;
        std::vector<std::string_view> words;
        for (const JsonValue word : side.items())
            words.push_back(refusals.name(word, place));
        if (words.size() != 2 || words[0] == words[1]) {
            refusals.add(place, "each side is a pair such as [\"Left\", \"Right\"].");
        }
    }
}

void checkTexts(Refusals& refusals, JsonValue texts, const Place& place) {
    for (const JsonEntry entry : texts.entries())
        refusals.text(entry.value, place.atKey(entry.key, entry.value));
}

void checkDrops(Refusals& refusals, JsonValue drops, const Place& place) {
    checkTexts(refusals, drops, place);
    InputNames inputs;
    for (const JsonEntry entry : drops.entries())
        inputs.take(refusals, entry, place, "Keep one of the two.");
}

/// An object of curve names and numbers.
void checkNumbers(Refusals& refusals, JsonValue numbers, const CurveNames& names,
                  const Place& place) {
    for (const JsonEntry entry : numbers.entries()) {
        Place here = place;
        here.offset = entry.keyOffset;
        names.find(refusals, entry.key, here);
        refusals.number(entry.value, place.atKey(entry.key, entry.value));
    }
}

void checkReverse(Refusals& refusals, JsonValue reverse, const CurveNames& names,
                  const Place& place) {
    InputNames inputs;
    for (const JsonEntry entry : reverse.entries()) {
        const std::size_t input = inputs.take(refusals, entry, place, "Keep one of the two.");
        const Place here = place.atKey(entry.key, entry.value);
        if (isGazeAngle(input)) {
            refusals.add(here, "is an angle: only face curves are read back.");
        }
        if (!refusals.isType(entry.value, JsonType::Object, here)) return;
        if (entry.value.size() == 0) refusals.add(here, "must name at least one curve.");
        checkNumbers(refusals, entry.value, names, here);
    }
}

}  // namespace

void checkNotes(Refusals& refusals, const Fields& table, const std::vector<JsonValue>& curves,
                const CurveNames& names) {
    for (const std::string_view key : {"$schema", "title", "about", "at_rest"})
        table.text(key);
    checkMirrors(refusals, table, curves, names);
    checkSides(refusals, table);
    if (const auto sources = table.optional("sources", JsonType::Object)) {
        checkTexts(refusals, *sources, table.at("sources"));
    }
    if (const auto drops = table.optional("drops", JsonType::Object)) {
        checkDrops(refusals, *drops, table.at("drops"));
    }
    if (const auto sums = table.optional("sums", JsonType::Object)) {
        checkNumbers(refusals, *sums, names, table.at("sums"));
    }
    if (const auto reverse = table.optional("reverse", JsonType::Object)) {
        checkReverse(refusals, *reverse, names, table.at("reverse"));
    }
}

}  // namespace facewire::tables
