#include "TableCurves.h"

#include <array>
#include <cfloat>

#include "TableNames.h"

namespace facewire::tables {

namespace {

constexpr std::array<std::string_view, 9> kCurveKeys = {
    "name", "from", "ratio", "offset", "response", "range", "by", "why", "mirror"};
constexpr std::array<std::string_view, 3> kTermKeys = {"gain", "by", "why"};
constexpr std::array<std::string_view, 4> kRatioKeys = {"of", "to", "floor", "gain"};
constexpr std::array<std::string_view, 2> kMirrorKeys = {"curve", "sign"};

double readGain(Refusals& refusals, JsonValue value, const Place& place) {
    if (value.type() != JsonType::Object) return refusals.number(value, place);
    const Fields fields(refusals, value, place, kTermKeys);
    fields.required("gain");
    fields.text("by");
    fields.text("why");
    return fields.number("gain", 0);
}

std::vector<MappingTerm> readTerms(Refusals& refusals, JsonValue from, const Place& place) {
    std::vector<MappingTerm> terms;
    if (!refusals.isType(from, JsonType::Object, place)) return terms;
    if (!refusals.isCount(from.size(), 1, kMaxMappingTerms, "inputs", place)) return terms;
    InputNames inputs;
    for (const JsonEntry entry : from.entries()) {
        const std::size_t input = inputs.take(refusals, entry, place, "Add the two gains.");
        const Place here = place.atNamed("input", entry.key, entry.value.offset());
        terms.push_back({input, readGain(refusals, entry.value, here)});
    }
    return terms;
}

std::optional<MappingRatio> readRatio(Refusals& refusals, JsonValue value, const Place& place) {
    const Fields fields(refusals, value, place, kRatioKeys);
    if (!fields.required("of") || !fields.required("to")) return std::nullopt;
    MappingRatio ratio;
    ratio.of = refusals.input(fields.text("of"), fields.at("of"));
    ratio.to = refusals.input(fields.text("to"), fields.at("to"));
    ratio.floor = fields.number("floor", ratio.floor);
    ratio.gain = fields.number("gain", ratio.gain);
    if (ratio.floor < kMinRatioFloor) {
        refusals.add(fields.at("floor"),
                     shown(ratio.floor) + " must be at least " + shown(kMinRatioFloor) + ".", {},
                     ErrorCode::OutOfRange);
    }
    return ratio;
}

std::vector<ResponsePoint> readResponse(Refusals& refusals, JsonValue value, const Place& place) {
    std::vector<ResponsePoint> points;
    if (!refusals.isType(value, JsonType::List, place)) return points;
    if (!refusals.isCount(value.size(), 2, kMaxResponsePoints, "points", place)) return points;
    for (const JsonValue item : value.items()) {
        Place here = place;
        here.offset = item.offset();
        const ValueRange pair = refusals.pair(item, here);
        if (!points.empty() && pair.low - points.back().value < kMinResponseStep) {
            refusals.add(
                here,
                "the points go from " + shown(points.back().value) + " to " + shown(pair.low) + ".",
                "The first number of each point must be " + shown(kMinResponseStep) +
                    " or more above that of the point before.",
                ErrorCode::OutOfRange);
        }
        points.push_back({pair.low, pair.high});
    }
    return points;
}

ValueRange readRange(Refusals& refusals, JsonValue value, const Place& place) {
    if (value.type() == JsonType::Null) return {-double{FLT_MAX}, double{FLT_MAX}};
    const ValueRange range = refusals.pair(value, place);
    if (!(range.low < range.high)) {
        refusals.add(place, "goes from " + shown(range.low) + " to " + shown(range.high) + ".",
                     "The lower comes first.", ErrorCode::OutOfRange);
    }
    return range;
}

/// Check what a mirror is made of; whether its curve exists is for the whole table.
void checkMirror(Refusals& refusals, JsonValue value, const Place& place) {
    if (value.type() == JsonType::Null) return;
    if (value.type() == JsonType::String) {
        refusals.name(value, place);
        return;
    }
    const Fields fields(refusals, value, place, kMirrorKeys);
    if (const auto curve = fields.required("curve")) refusals.name(*curve, fields.at("curve"));
    const double sign = fields.number("sign", 1);
    if (sign != 1 && sign != -1) {
        refusals.add(fields.at("sign"), shown(sign) + " must be 1 or -1.", {},
                     ErrorCode::OutOfRange);
    }
}

}  // namespace

MappingCurve readCurve(Refusals& refusals, JsonValue entry, std::size_t number,
                       const Place& table) {
    const auto nameValue = entry.find("name");
    const auto name = nameValue ? nameValue->asString() : std::nullopt;
    const Place place = name ? table.atNamed("curve", *name, entry.offset())
                             : Place{entry.offset(), "curve number " + std::to_string(number), ""};
    const Fields fields(refusals, entry, place, kCurveKeys);
    MappingCurve curve;
    if (const auto value = fields.required("name")) {
        curve.name = refusals.name(*value, fields.at("name"));
    }
    if (const auto value = fields.find("from")) {
        curve.terms = readTerms(refusals, *value, fields.at("from"));
    }
    if (const auto value = fields.find("ratio")) {
        curve.ratio = readRatio(refusals, *value, fields.at("ratio"));
    }
    curve.offset = fields.number("offset", 0);
    if (const auto value = fields.find("response")) {
        curve.response = readResponse(refusals, *value, fields.at("response"));
    }
    if (const auto value = fields.find("range")) {
        curve.range = readRange(refusals, *value, fields.at("range"));
    }
    fields.text("by");
    fields.text("why");
    if (const auto value = fields.find("mirror")) {
        checkMirror(refusals, *value, fields.at("mirror"));
    }
    return curve;
}

}  // namespace facewire::tables
