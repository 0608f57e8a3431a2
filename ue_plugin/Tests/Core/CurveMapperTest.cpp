#include "FacewireCore/CurveMapper.h"

#include <cmath>
#include <limits>

#include "AllocationCount.h"
#include "Check.h"
#include "TableText.h"

using facewire::CurveMapper;
using facewire::FaceSource;
using facewire::MouthMeaning;
using facewire::placeOfMappingInput;
using facewire::testing::bytesOf;
using facewire::testing::tableOf;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// A face at rest with some values of its own.
struct Face {
    struct Value {
        const char* input;
        float value;
    };

    Face(std::initializer_list<Value> values) : row(facewire::kFaceCurveCount), eyes(4) {
        for (const Value& each : values) {
            const std::size_t place = placeOfMappingInput(each.input);
            const bool isGaze = facewire::isGazeAngle(place);
            (isGaze ? eyes[place - facewire::kFaceCurveCount] : row[place]) = each.value;
        }
    }

    std::vector<float> row;
    std::vector<float> eyes;
};

facewire::Result<CurveMapper> mapperOf(std::string_view table, const FaceSource& source = {}) {
    const auto read = facewire::readMappingTable(bytesOf(table));
    if (!read) return read.error();
    return CurveMapper::make(read.value(), source);
}

/// The row a table makes of a face; empty when it is refused.
std::vector<float> mapped(std::string_view table, const Face& face, const FaceSource& source = {}) {
    const auto mapper = mapperOf(table, source);
    FACEWIRE_CHECK(mapper);
    if (!mapper) return {};
    std::vector<float> out(mapper.value().names().size());
    FACEWIRE_CHECK(mapper.value().apply(face.row, face.eyes, out));
    return out;
}

/// The only curve of a table with these keys.
float valueOf(const std::string& keys, const Face& face, const FaceSource& source = {}) {
    const auto row = mapped(tableOf("{\"name\": \"x\", " + keys + "}"), face, source);
    return row.empty() ? kNaN : row[0];
}

}  // namespace

FACEWIRE_TEST("a curve is its offset and the sum of its terms, held in its range") {
    const std::string mix = R"("from": {"jawOpen": 0.5, "MouthFunnel": {"gain": -0.25}},
                               "offset": 0.125)";

    FACEWIRE_CHECK_EQUAL(valueOf(mix, {{"jawOpen", 0.5F}, {"mouthFunnel", 0.5F}}), 0.25F);
    FACEWIRE_CHECK_EQUAL(valueOf(mix, {{"mouthFunnel", 1.0F}}), 0.0F);
    FACEWIRE_CHECK_EQUAL(valueOf(mix, {{"jawOpen", 2.0F}}), 1.0F);
    FACEWIRE_CHECK_EQUAL(valueOf(mix + R"(, "range": [-0.5, 0.5])", {{"mouthFunnel", 1.0F}}),
                         -0.125F);
    FACEWIRE_CHECK_EQUAL(valueOf(mix + R"(, "range": [-0.5, 0.5])", {{"jawOpen", 2.0F}}), 0.5F);
}

FACEWIRE_TEST("a curve without a range passes angles, and stays finite") {
    const std::string yaw = R"("from": {"headYaw": 50}, "range": null)";

    FACEWIRE_CHECK_EQUAL(valueOf(yaw, {{"headYaw", -1.5F}}), -75.0F);
    FACEWIRE_CHECK_EQUAL(valueOf(yaw, {{"headYaw", 3e38F}}), std::numeric_limits<float>::max());
    FACEWIRE_CHECK_EQUAL(valueOf(yaw, {{"headYaw", -3e38F}}), -std::numeric_limits<float>::max());
}

FACEWIRE_TEST("a curve without a rule rests at its offset") {
    FACEWIRE_CHECK_EQUAL(valueOf(R"("offset": 0.75)", {{"jawOpen", 1.0F}}), 0.75F);
    FACEWIRE_CHECK_EQUAL(valueOf(R"("offset": 2)", {{"jawOpen", 1.0F}}), 1.0F);
}

FACEWIRE_TEST("a ratio is held between 0 and 1, and divides by no less than its floor") {
    const std::string ratio =
        R"("ratio": {"of": "mouthClose", "to": "jawOpen", "floor": 0.25, "gain": 0.5})";

    FACEWIRE_CHECK_EQUAL(valueOf(ratio, {{"mouthClose", 0.25F}, {"jawOpen", 0.5F}}), 0.25F);
    FACEWIRE_CHECK_EQUAL(valueOf(ratio, {{"mouthClose", 0.125F}, {"jawOpen", 0.0F}}), 0.25F);
    FACEWIRE_CHECK_EQUAL(valueOf(ratio, {{"mouthClose", 0.75F}, {"jawOpen", 0.5F}}), 0.5F);
    FACEWIRE_CHECK_EQUAL(valueOf(ratio, {{"mouthClose", -1.0F}, {"jawOpen", 0.5F}}), 0.0F);
    FACEWIRE_CHECK_EQUAL(valueOf(ratio + R"(, "from": {"cheekPuff": 0.25})",
                                 {{"mouthClose", 0.5F}, {"jawOpen", 0.5F}, {"cheekPuff", 1.0F}}),
                         0.75F);
}

FACEWIRE_TEST("a response is linear between its points and held at its ends") {
    const std::string response = R"("from": {"jawOpen": 1}, "range": [-1, 1],
                                    "response": [[0.25, -0.5], [0.5, 0.5], [0.75, 0.25]])";

    FACEWIRE_CHECK_EQUAL(valueOf(response, {{"jawOpen", 0.0F}}), -0.5F);
    FACEWIRE_CHECK_EQUAL(valueOf(response, {{"jawOpen", 0.25F}}), -0.5F);
    FACEWIRE_CHECK_EQUAL(valueOf(response, {{"jawOpen", 0.375F}}), 0.0F);
    FACEWIRE_CHECK_EQUAL(valueOf(response, {{"jawOpen", 0.5F}}), 0.5F);
    FACEWIRE_CHECK_EQUAL(valueOf(response, {{"jawOpen", 0.625F}}), 0.375F);
    FACEWIRE_CHECK_EQUAL(valueOf(response, {{"jawOpen", 0.75F}}), 0.25F);
    FACEWIRE_CHECK_EQUAL(valueOf(response, {{"jawOpen", 9.0F}}), 0.25F);
}

FACEWIRE_TEST("shares scale what sums above their limit, and leave the rest to one curve") {
    const std::string table = tableOf(
        R"({"name": "a", "from": {"jawOpen": 1}}, {"name": "sil"},
           {"name": "b", "from": {"mouthFunnel": 1}})",
        R"("shares": [{"curves": ["a", "b"], "limit": 0.5, "rest": "sil"}])");

    const auto above = mapped(table, {{"jawOpen", 0.75F}, {"mouthFunnel", 0.25F}});
    const auto below = mapped(table, {{"jawOpen", 0.125F}, {"mouthFunnel", 0.25F}});

    FACEWIRE_CHECK(above == (std::vector<float>{0.375F, 0.0F, 0.125F}));
    FACEWIRE_CHECK(below == (std::vector<float>{0.125F, 0.125F, 0.25F}));
}

FACEWIRE_TEST("shares work in their order, each on what the one before left") {
    const auto row = mapped(tableOf(R"({"name": "a", "from": {"jawOpen": 1}},
                                       {"name": "b", "from": {"mouthFunnel": 1}})",
                                    R"("shares": [{"curves": ["a", "b"], "limit": 1},
                                                  {"curves": ["b"], "limit": 0.25}])"),
                            {{"jawOpen", 1.0F}, {"mouthFunnel", 1.0F}});

    FACEWIRE_CHECK(row == (std::vector<float>{0.5F, 0.25F}));
}

FACEWIRE_TEST("what is not finite reads 0") {
    const std::string both = R"("from": {"jawOpen": 1, "eyeYawLeft": 0.5}, "offset": 0.25)";
    FaceSource gaze;
    gaze.gaze = true;

    for (const float strange : {kNaN, -kNaN, kInfinity, -kInfinity}) {
        const float value = valueOf(both, {{"jawOpen", strange}, {"eyeYawLeft", strange}}, gaze);
        FACEWIRE_CHECK_EQUAL(value, 0.25F);
    }
}

FACEWIRE_TEST("mouthClose is turned into what the rig means by it") {
    const std::string curves = R"({"name": "jaw", "from": {"jawOpen": 1}},
                                  {"name": "close", "from": {"mouthClose": 1}})";
    const Face face = {{"jawOpen", 0.25F}, {"mouthClose", 0.5F}};
    FaceSource a2f;
    a2f.mouthClose = MouthMeaning::A2f;

    FACEWIRE_CHECK(mapped(tableOf(curves), face) == (std::vector<float>{0.25F, 0.5F}));
    FACEWIRE_CHECK(mapped(tableOf(curves), face, a2f) == (std::vector<float>{0.75F, 0.5F}));
    FACEWIRE_CHECK(mapped(tableOf(curves, "", "a2f"), face) == (std::vector<float>{0.0F, 0.5F}));
    FACEWIRE_CHECK(mapped(tableOf(curves, "", "a2f"), face, a2f) ==
                   (std::vector<float>{0.25F, 0.5F}));
    FACEWIRE_CHECK(mapped(tableOf(curves, "", "any"), face, a2f) ==
                   (std::vector<float>{0.25F, 0.5F}));
}

FACEWIRE_TEST("mouthClose is left alone when a source lacks one of its two curves") {
    const std::string table =
        tableOf(R"({"name": "jaw", "from": {"jawOpen": 1}, "range": null})", "", "a2f");
    FaceSource source;
    source.inputs = {"jawOpen"};
    const auto mapper = mapperOf(table, source);
    FACEWIRE_REQUIRE(mapper);
    const std::vector<float> face = {-0.5F};
    std::vector<float> out(1);

    FACEWIRE_CHECK(mapper.value().apply(face, {}, out));
    FACEWIRE_CHECK_EQUAL(out[0], -0.5F);
}

FACEWIRE_TEST("a curve that knows weights and angles of the gaze reads one of the two") {
    const std::string both = R"("from": {"eyeLookDownLeft": 1, "eyePitchLeft": 0.015625,
                                         "jawOpen": 0.125})";
    const Face face = {{"eyeLookDownLeft", 0.5F}, {"eyePitchLeft", 16.0F}, {"jawOpen", 1.0F}};
    FaceSource gaze;
    gaze.gaze = true;

    FACEWIRE_CHECK_EQUAL(valueOf(both, face), 0.625F);
    FACEWIRE_CHECK_EQUAL(valueOf(both, face, gaze), 0.375F);
    FACEWIRE_CHECK_EQUAL(valueOf(R"("from": {"eyeLookDownLeft": 1})", face, gaze), 0.5F);
    FACEWIRE_CHECK_EQUAL(valueOf(R"("from": {"eyePitchLeft": 1})", face), 0.0F);
}

FACEWIRE_TEST("a row without its gaze looks straight ahead") {
    FaceSource gaze;
    gaze.gaze = true;
    const auto mapper = mapperOf(
        tableOf(
            R"({"name": "a", "from": {"eyeLookDownLeft": 1, "eyePitchLeft": 1}, "offset": 0.25})"),
        gaze);
    FACEWIRE_REQUIRE(mapper);
    const Face face = {{"eyeLookDownLeft", 0.5F}};
    std::vector<float> out(1);

    FACEWIRE_CHECK(mapper.value().apply(face.row, {}, out));
    FACEWIRE_CHECK_EQUAL(out[0], 0.25F);
}

FACEWIRE_TEST("a mirror swaps the sides and turns what turns sideways") {
    FaceSource mirror;
    mirror.mirror = true;
    mirror.gaze = true;
    const Face face = {{"eyeBlinkLeft", 0.25F}, {"jawRight", 0.5F},     {"jawOpen", 0.75F},
                       {"headRoll", 0.125F},    {"headPitch", 0.25F},   {"headYaw", 0.5F},
                       {"eyeYawRight", 8.0F},   {"eyePitchRight", 4.0F}};
    const auto row = mapped(
        tableOf(
            R"({"name": "a", "from": {"eyeBlinkRight": 1}}, {"name": "b", "from": {"jawLeft": 1}},
                   {"name": "c", "from": {"jawOpen": 1}}, {"name": "d", "from": {"eyeBlinkLeft": 1}},
                   {"name": "e", "from": {"headRoll": 1}, "range": null},
                   {"name": "f", "from": {"headPitch": 1}, "range": null},
                   {"name": "g", "from": {"headYaw": 1}, "range": null},
                   {"name": "h", "from": {"eyeYawLeft": 1}, "range": null},
                   {"name": "i", "from": {"eyePitchLeft": 1}, "range": null})"),
        face, mirror);

    FACEWIRE_CHECK(
        row == (std::vector<float>{0.25F, 0.5F, 0.75F, 0.0F, -0.125F, 0.25F, -0.5F, -8.0F, 4.0F}));
}

FACEWIRE_TEST("a mirror applied twice changes no input") {
    for (std::size_t place = 0; place < facewire::kMappingInputCount; ++place) {
        const facewire::MirroredInput once = facewire::mirroredMappingInput(place);
        const facewire::MirroredInput twice = facewire::mirroredMappingInput(once.place);
        FACEWIRE_CHECK_EQUAL(twice.place, place);
        FACEWIRE_CHECK_EQUAL(once.sign * twice.sign, 1.0);
    }
}

FACEWIRE_TEST("inputs are found by name in the rows of a source") {
    FaceSource source;
    source.inputs = {"MouthFunnel", "unknown", "jawOpen"};
    const auto mapper = mapperOf(tableOf(R"({"name": "a", "from": {"jawOpen": 1, "cheekPuff": 1}},
                            {"name": "b", "from": {"mouthFunnel": 1}})"),
                                 source);
    FACEWIRE_REQUIRE(mapper);
    const std::vector<float> face = {0.25F, 1.0F, 0.5F};
    std::vector<float> out(2);

    FACEWIRE_CHECK(mapper.value().apply(face, {}, out));

    FACEWIRE_CHECK(out == (std::vector<float>{0.5F, 0.25F}));
}

FACEWIRE_TEST("a source that names an input twice is refused") {
    FaceSource source;
    source.inputs = {"jawOpen", "x", "x", "JawOpen"};
    const auto mapper = mapperOf(tableOf(R"({"name": "a"})"), source);

    FACEWIRE_REQUIRE(!mapper);
    FACEWIRE_CHECK_EQUAL(mapper.error().text, "The input jawOpen is named twice.");
}

FACEWIRE_TEST("rows of another size are refused and nothing is written") {
    FaceSource gaze;
    gaze.gaze = true;
    const auto mapper = mapperOf(tableOf(R"({"name": "a", "offset": 1})"), gaze);
    FACEWIRE_REQUIRE(mapper);
    const std::vector<float> face(facewire::kFaceCurveCount);
    const std::vector<float> shorter(facewire::kFaceCurveCount - 1);
    const std::vector<float> eyes(4);
    std::vector<float> out(1);
    std::vector<float> longer(2);

    FACEWIRE_CHECK(!mapper.value().apply(shorter, eyes, out));
    FACEWIRE_CHECK(!mapper.value().apply(face, {eyes.data(), 2}, out));
    FACEWIRE_CHECK(!mapper.value().apply(face, eyes, longer));
    FACEWIRE_CHECK(out[0] == 0.0F && longer[0] == 0.0F);
    FACEWIRE_CHECK(mapper.value().apply(face, eyes, out) && out[0] == 1.0F);
}

FACEWIRE_TEST("mapping a row allocates nothing") {
    FaceSource source;
    source.gaze = true;
    source.mirror = true;
    source.mouthClose = MouthMeaning::A2f;
    std::string curves = R"({"name": "rest"})";
    for (std::size_t index = 1; index < facewire::kMaxCurves; ++index) {
        curves += ", {\"name\": \"c" + std::to_string(index) +
                  R"(", "from": {"jawOpen": 0.5, "eyeYawLeft": 0.1}, "response": [[0, 0], [1, 1]],
                     "ratio": {"of": "mouthClose", "to": "jawOpen"}})";
    }
    const auto mapper = mapperOf(
        tableOf(curves, R"("shares": [{"curves": ["c1", "c2"], "limit": 1, "rest": "rest"}])"),
        source);
    FACEWIRE_REQUIRE(mapper);
    const Face face = {{"jawOpen", 0.5F}, {"eyeYawLeft", 3.0F}};
    std::vector<float> out(facewire::kMaxCurves);

    const std::size_t before = facewire::testing::allocatedBytes();
    const bool fits = mapper.value().apply(face.row, face.eyes, out);
    const std::size_t after = facewire::testing::allocatedBytes();

    FACEWIRE_CHECK(fits && out[1] > 0);
    FACEWIRE_CHECK_EQUAL(after, before);
}

FACEWIRE_TEST("an edited table is taken, and it is said whether the curves are the same") {
    auto mapper = mapperOf(tableOf(R"({"name": "a", "from": {"jawOpen": 1}}, {"name": "b"})"));
    FACEWIRE_REQUIRE(mapper);
    const Face face = {{"jawOpen", 1.0F}};
    std::vector<float> out(2);
    const std::string softer = tableOf(R"({"name": "a", "from": {"jawOpen": 0.5}}, {"name": "b"})");
    const std::string swapped = tableOf(R"({"name": "b"}, {"name": "a", "from": {"jawOpen": 1}})");
    const std::string fewer = tableOf(R"({"name": "a"})");

    const auto same = mapper.value().reload(bytesOf(softer));
    FACEWIRE_CHECK(same && same.value());
    FACEWIRE_CHECK(mapper.value().apply(face.row, {}, out) && out[0] == 0.5F);

    const auto others = mapper.value().reload(bytesOf(swapped));
    FACEWIRE_CHECK(others && !others.value());
    FACEWIRE_CHECK(mapper.value().apply(face.row, {}, out) && out[0] == 0.0F && out[1] == 1.0F);

    const auto less = mapper.value().reload(bytesOf(fewer));
    FACEWIRE_CHECK(less && !less.value() && mapper.value().names().size() == 1);
    FACEWIRE_CHECK(!mapper.value().apply(face.row, {}, out));
}

FACEWIRE_TEST("a broken edit is refused with its place, and the old table stays") {
    auto mapper = mapperOf(tableOf(R"({"name": "a", "from": {"jawOpen": 1}})"));
    FACEWIRE_REQUIRE(mapper);
    const std::string broken = tableOf("\n{\"name\": \"a\", \"from\": {\"jawOpen\": 1,}}");

    const auto refused = mapper.value().reload(bytesOf(broken));

    FACEWIRE_REQUIRE(!refused);
    FACEWIRE_CHECK(refused.error().text.find("Line 2, column 37: ") == 0);
    const Face face = {{"jawOpen", 0.5F}};
    std::vector<float> out(1);
    FACEWIRE_CHECK(mapper.value().apply(face.row, {}, out) && out[0] == 0.5F);
}
