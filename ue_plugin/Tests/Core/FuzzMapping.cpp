// libFuzzer's entry point for curve tables: any bytes at all go through the JSON reader, the
// table's reader and, when they take it, the mapper. FuzzRunner.cpp drives it, see FuzzDecode.cpp.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "FacewireCore/CurveMapper.h"
#include "FacewireCore/JsonReader.h"

namespace {

using namespace facewire;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken rule: %s\n", what);
    std::abort();
}

/// The values inside `value`, itself counted.
std::size_t countValues(JsonValue value, ByteView text) {
    require(value.offset() < text.size(), "a value lies in the text");
    std::size_t count = 1;
    std::size_t inside = 0;
    for (const JsonValue item : value.items()) {
        count += countValues(item, text);
        inside += 1;
    }
    for (const JsonEntry entry : value.entries()) {
        require(entry.keyOffset < entry.value.offset(), "a key stands before its value");
        count += countValues(entry.value, text);
        inside += 1;
    }
    require(inside == value.size(), "a walk is as long as it says");
    require(std::isfinite(value.asNumber().value_or(0)), "a number is finite");
    return count;
}

void checkRows(const CurveMapper& mapper) {
    std::array<float, kFaceCurveCount> face;
    std::array<float, kGazeAngleCount> eyes = {30, -45, std::numeric_limits<float>::infinity(), 9};
    std::vector<float> out(mapper.names().size());
    for (const float value : {0.0F, 0.7F, -3e38F, std::numeric_limits<float>::quiet_NaN()}) {
        face.fill(value);
        require(mapper.apply(face, eyes, out), "a row of the right size is mapped");
        for (const float result : out)
            require(std::isfinite(result), "a mapped value is finite");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView text(data, size);
    const auto document = readJson(text);
    if (document) {
        require(countValues(document.value().root(), text) <= size, "values need text");
    } else {
        require(!document.error().text.empty(), "a refusal says why");
    }
    const auto table = readMappingTable(text);
    if (!table) {
        require(!table.error().text.empty(), "a refusal says why");
        return 0;
    }
    FaceSource source;
    source.gaze = size % 2 == 0;
    source.mirror = size % 3 == 0;
    source.mouthClose = size % 5 == 0 ? MouthMeaning::Arkit : MouthMeaning::A2f;
    auto mapper = CurveMapper::make(table.value(), source);
    require(mapper.ok(), "a table that was read can be used");
    checkRows(mapper.value());
    const auto reloaded = mapper.value().reload(text);
    require(reloaded && reloaded.value(), "the same table has the same curves");
    return 0;
}
