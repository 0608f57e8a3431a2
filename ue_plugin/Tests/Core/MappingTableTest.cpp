#include "FacewireCore/MappingTable.h"

#include <cmath>
#include <limits>

#include "Check.h"
#include "FacewireCore/MappingInputs.h"
#include "NearestName.h"
#include "TableText.h"

using facewire::MappingTable;
using facewire::placeOfMappingInput;
using facewire::readMappingTable;
using facewire::testing::bytesOf;
using facewire::testing::tableOf;

namespace {

facewire::Result<MappingTable> readText(std::string_view text) {
    return readMappingTable(bytesOf(text));
}

/// The code a text is refused with, or "ok".
std::string codeOf(std::string_view text) {
    const auto table = readText(text);
    return table ? "ok" : std::string(facewire::wireName(table.error().code));
}

/// The sentence a text is refused with, or "ok".
std::string sentenceOf(std::string_view text) {
    const auto table = readText(text);
    return table ? "ok" : table.error().text;
}

std::string codeOfCurve(const std::string& keys) {
    return codeOf(tableOf(R"({"name": "x", )" + keys + "}"));
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string repeated(std::size_t times, std::string_view unit) {
    std::string text;
    for (std::size_t index = 0; index < times; ++index)
        text += unit;
    return text;
}

}  // namespace

FACEWIRE_TEST("a table is read with every part of its curves") {
    const auto read = readText(R"({
        "$schema": "schema.json", "schema": "facewire-mapping/1", "name": "my_rig2",
        "version": "1.20.3", "title": "t", "about": "a", "mouth_close": "a2f",
        "sides": [["L", "R"]], "sources": {"ours": "o"},
        "curves": [
            {"name": "Jaw", "from": {"JawOpen": 0.8, "mouthFunnel": {"gain": -0.2, "by": "ours",
             "why": "w"}}, "offset": 0.1, "response": [[0, 0.25], [1, 1]], "range": [-1, 2],
             "by": "ours", "why": "w", "mirror": null},
            {"name": "Lips", "ratio": {"of": "mouthClose", "to": "jawOpen"}, "mirror": "Jaw"},
            {"name": "Look", "from": {"eyeYawLeft": 1}, "range": null,
             "mirror": {"curve": "Lips", "sign": -1}},
            {"name": "sil"}],
        "at_rest": "none", "drops": {"tongueOut": "none"}, "sums": {"Jaw": 1.5},
        "shares": [{"curves": ["Lips", "Jaw"], "limit": 0.9, "rest": "sil"}],
        "reverse": {"jawOpen": {"Jaw": 1.25}}})");
    FACEWIRE_REQUIRE(read);
    const MappingTable& table = read.value();

    FACEWIRE_CHECK_EQUAL(table.name, "my_rig2");
    FACEWIRE_CHECK_EQUAL(table.version, "1.20.3");
    FACEWIRE_CHECK(table.mouthClose == facewire::MouthMeaning::A2f);
    FACEWIRE_REQUIRE(table.curves.size() == 4 && table.curves[0].terms.size() == 2);
    const facewire::MappingCurve& jaw = table.curves[0];
    FACEWIRE_CHECK_EQUAL(jaw.name, "Jaw");
    FACEWIRE_CHECK_EQUAL(jaw.terms[0].input, placeOfMappingInput("jawOpen"));
    FACEWIRE_CHECK_EQUAL(jaw.terms[0].gain, 0.8);
    FACEWIRE_CHECK_EQUAL(jaw.terms[1].input, placeOfMappingInput("mouthFunnel"));
    FACEWIRE_CHECK_EQUAL(jaw.terms[1].gain, -0.2);
    FACEWIRE_CHECK_EQUAL(jaw.offset, 0.1);
    FACEWIRE_REQUIRE(jaw.response.size() == 2);
    FACEWIRE_CHECK(jaw.response[0].value == 0 && jaw.response[0].result == 0.25);
    FACEWIRE_CHECK(jaw.range.low == -1 && jaw.range.high == 2);
    const auto& ratio = table.curves[1].ratio;
    FACEWIRE_REQUIRE(ratio);
    FACEWIRE_CHECK_EQUAL(ratio->of, placeOfMappingInput("mouthClose"));
    FACEWIRE_CHECK_EQUAL(ratio->to, placeOfMappingInput("jawOpen"));
    FACEWIRE_CHECK(ratio->floor == 0.05 && ratio->gain == 1);
    FACEWIRE_CHECK_EQUAL(table.curves[2].range.high, double{std::numeric_limits<float>::max()});
    FACEWIRE_CHECK(table.curves[3].range.low == 0 && table.curves[3].range.high == 1);
    FACEWIRE_REQUIRE(table.shares.size() == 1 && table.shares[0].curves.size() == 2);
    FACEWIRE_CHECK(table.shares[0].curves[0] == 1 && table.shares[0].curves[1] == 0);
    FACEWIRE_CHECK(table.shares[0].limit == 0.9 && table.shares[0].rest == std::size_t{3});
}

FACEWIRE_TEST("a byte order mark is passed over") {
    FACEWIRE_CHECK_EQUAL(codeOf("\xef\xbb\xbf" + tableOf(R"({"name": "x"})")), "ok");
    FACEWIRE_CHECK_EQUAL(codeOf("\xef\xbb\xbf\xef\xbb\xbf" + tableOf(R"({"name": "x"})")),
                         "malformed");
}

FACEWIRE_TEST("a misspelt input is refused with place, curve, key and the nearest input") {
    const auto refused = readText(tableOf("\n  {\"name\": \"x\", \"from\": {\"jawOpne\": 1}}"));
    FACEWIRE_REQUIRE(!refused);

    FACEWIRE_CHECK_EQUAL(refused.error().text,
                         "Line 2, column 26: curve \"x\", key \"from\": there is no input "
                         "\"jawOpne\". Did you mean \"jawOpen\"?");
    FACEWIRE_CHECK_EQUAL(refused.error().field, "from");
    FACEWIRE_CHECK(refused.error().code == facewire::ErrorCode::Malformed);
}

FACEWIRE_TEST("misspelt keys, curves and meanings are refused with the nearest one") {
    struct Case {
        std::string text;
        const char* nearest;
    };
    const Case cases[] = {
        {tableOf(R"({"name": "x", "form": {"jawOpen": 1}})"), "\"from\"?"},
        {tableOf(R"({"name": "x", "from": {"jawOpen": {"gian": 1}}})"), "\"gain\"?"},
        {tableOf(R"({"name": "x", "ratio": {"off": "jawOpen", "to": "jawOpen"}})"), "\"of\"?"},
        {tableOf(R"({"name": "x", "ratio": {"of": "jawopen", "to": "jawOpen"}})"), "\"jawOpen\"?"},
        {tableOf(R"({"name": "smile", "mirror": "simle"})"), "\"smile\"?"},
        {tableOf(R"({"name": "x", "mirror": {"curve": "x", "sgin": 1}})"), "\"sign\"?"},
        {tableOf(R"({"name": "x"})", R"("mouth_clsoe": "any")"), "\"mouth_close\"?"},
        {tableOf(R"({"name": "x"})", R"("drops": {"tongeOut": "w"})"), "\"tongueOut\"?"},
        {tableOf(R"({"name": "Jaw"})", R"("sums": {"jaw": 2})"), "\"Jaw\"?"},
        {tableOf(R"({"name": "Jaw"})", R"("reverse": {"jawOpen": {"Jwa": 2}})"), "\"Jaw\"?"},
        {tableOf(R"({"name": "Jaw"})", R"("shares": [{"curves": ["jaw"], "limit": 1}])"),
         "\"Jaw\"?"},
        {tableOf(R"({"name": "Jaw"})", R"("shares": [{"curves": ["Jaw"], "limits": 1}])"),
         "\"limit\"?"},
    };
    for (const Case& each : cases) {
        FACEWIRE_CHECK(
            contains(sentenceOf(each.text), std::string("Did you mean ") + each.nearest));
    }
}

FACEWIRE_TEST("a name that is like no other gets the list of what there is") {
    const std::string sentence = sentenceOf(tableOf(R"({"name": "x", "zzz": 1})"));

    FACEWIRE_CHECK(contains(sentence, "curve \"x\": there is no key \"zzz\"."));
    FACEWIRE_CHECK(contains(sentence, "Its keys are name, from, ratio"));
}

FACEWIRE_TEST("a table without a needed key is refused, and the key is named") {
    const std::string whole = tableOf(R"({"name": "x"})");
    FACEWIRE_CHECK_EQUAL(codeOf(whole), "ok");

    for (const char* key : {"schema", "name", "version", "mouth_close", "curves"}) {
        std::string text = whole;
        text.replace(text.find("\"" + std::string(key) + "\""), 1, "\"$");  // another key
        const auto refused = readText(text);
        FACEWIRE_CHECK(!refused);
    }
    FACEWIRE_CHECK(contains(sentenceOf("{\"schema\": \"facewire-mapping/1\"}"), "\"curves\" is"));
    FACEWIRE_CHECK(contains(sentenceOf(tableOf("{\"offset\": 0}")),
                            "curve number 1: the key "
                            "\"name\" is missing"));
}

FACEWIRE_TEST("a table of another format is unsupported") {
    std::string text = tableOf(R"({"name": "x"})");
    text.replace(text.find("mapping/1"), 9, "mapping/2");

    FACEWIRE_CHECK_EQUAL(codeOf(text), "unsupported");
}

FACEWIRE_TEST("names, versions and meanings that do not fit are refused") {
    const std::string whole = tableOf(R"({"name": "x"})");
    const auto with = [&whole](const char* old, const std::string& replacement) {
        std::string text = whole;
        const std::string quoted = "\"" + std::string(old) + "\"";
        text.replace(text.find(quoted), quoted.size(), replacement);
        return codeOf(text);
    };
    for (const char* name : {"\"\"", "\"Rig\"", "\"1rig\"", "\"a-b\"", "\"a b\"", "7", "null"}) {
        FACEWIRE_CHECK_EQUAL(with("test", name), "malformed");
    }
    FACEWIRE_CHECK_EQUAL(with("test", "\"" + repeated(64, "a") + "\""), "ok");
    FACEWIRE_CHECK_EQUAL(with("test", "\"" + repeated(65, "a") + "\""), "malformed");
    for (const char* version : {"\"1\"", "\"1.0\"", "\"1.0.0.0\"", "\"1..0\"", "\".1.0\"",
                                "\"1.0.\"", "\"a.b.c\"", "\"\"", "1.0"}) {
        FACEWIRE_CHECK_EQUAL(with("1.0.0", version), "malformed");
    }
    for (const char* meaning : {"\"raw\"", "\"\"", "null", "1"}) {
        FACEWIRE_CHECK_EQUAL(with("arkit", meaning), "malformed");
    }
    FACEWIRE_CHECK_EQUAL(with("arkit", "\"any\""), "ok");
}

FACEWIRE_TEST("curve names have 1 to 128 bytes and no control characters") {
    for (const char* name : {"\"\"", "\"a\\nb\"", "\"a\\u0000\"", "\"\\u007f\"", "7", "null"}) {
        const std::string code = codeOf(tableOf("{\"name\": " + std::string(name) + "}"));
        FACEWIRE_CHECK(code == "malformed" || code == "out_of_range");
    }
    FACEWIRE_CHECK_EQUAL(codeOf(tableOf("{\"name\": \"" + repeated(64, "\xc3\xa9") + "\"}")), "ok");
    FACEWIRE_CHECK_EQUAL(codeOf(tableOf("{\"name\": \"" + repeated(129, "a") + "\"}")),
                         "too_large");
}

FACEWIRE_TEST("curve names that differ only in the case of ASCII letters are refused") {
    FACEWIRE_CHECK(
        contains(sentenceOf(tableOf(R"({"name": "Jaw"}, {"name": "b"}, {"name": "jAW"})")),
                 "curve \"jAW\": is there twice: \"Jaw\" differs only in case."));
    FACEWIRE_CHECK(contains(sentenceOf(tableOf(R"({"name": "Jaw"}, {"name": "Jaw"})")),
                            "curve \"Jaw\": is there twice. "));
    FACEWIRE_CHECK_EQUAL(codeOf(tableOf("{\"name\": \"\xc3\x89\"}, {\"name\": \"\xc3\xa9\"}")),
                         "ok");
}

FACEWIRE_TEST("an input comes once in a mix, whichever way it is spelt") {
    FACEWIRE_CHECK(
        contains(sentenceOf(tableOf(R"({"name": "x", "from": {"jawOpen": 1, "JawOpen": 1}})")),
                 "the input \"jawOpen\" is there twice. Add the two gains."));
}

FACEWIRE_TEST("numbers are taken to the limit and refused beyond it") {
    for (const char* number : {"1000", "-1000", "1e3", "1e-300"}) {
        FACEWIRE_CHECK_EQUAL(codeOfCurve("\"offset\": " + std::string(number)), "ok");
    }
    for (const char* number : {"1000.0000000000001", "-1001", "1e300"}) {
        FACEWIRE_CHECK_EQUAL(codeOfCurve("\"offset\": " + std::string(number)), "out_of_range");
    }
    for (const char* other : {"\"1\"", "true", "null", "[1]", "{}"}) {
        FACEWIRE_CHECK_EQUAL(codeOfCurve("\"offset\": " + std::string(other)), "malformed");
    }
}

FACEWIRE_TEST("a negative zero is read as zero") {
    const auto table = readText(tableOf(R"({"name": "x", "offset": -0.0})"));
    FACEWIRE_REQUIRE(table);

    FACEWIRE_CHECK(!std::signbit(table.value().curves[0].offset));
}

FACEWIRE_TEST("mixes, ratios, responses and ranges that cannot be evaluated are refused") {
    for (const char* keys :
         {R"("from": [])", R"("from": null)", R"("from": {"jawOpen": "1"})",
          R"("from": {"jawOpen": {}})", R"("from": {"jawOpen": {"gain": 1, "by": 2}})",
          R"("ratio": {"of": "jawOpen"})", R"("ratio": 1)",
          R"("ratio": {"of": 1, "to": "jawOpen"})", R"("response": {})",
          R"("response": [[0, 0], [1]])", R"("response": [[0, 0], [1, 1, 1]])",
          R"("response": [0, 1])", R"("range": [0])", R"("range": 1)", R"("range": "null")",
          R"("by": 1)", R"("why": null)", R"("mirror": 1)", R"("mirror": {"sign": 1})"}) {
        FACEWIRE_CHECK_EQUAL(codeOfCurve(keys), "malformed");
    }
    for (const char* keys :
         {R"("from": {})", R"("ratio": {"of": "jawOpen", "to": "jawOpen", "floor": 0})",
          R"("ratio": {"of": "jawOpen", "to": "jawOpen", "floor": -1})", R"("response": [])",
          R"("response": [[0, 0]])", R"("response": [[0, 0], [0, 1]])",
          R"("response": [[0, 0], [1, 1], [0.5, 2]])", R"("range": [1, 0])", R"("range": [1, 1])",
          R"("mirror": {"curve": "x", "sign": 0.5})"}) {
        FACEWIRE_CHECK_EQUAL(codeOfCurve(keys), "out_of_range");
    }
}

FACEWIRE_TEST("counts are taken to the limit and refused beyond it") {
    std::string curves = R"({"name": "c0"})";
    for (std::size_t index = 1; index < facewire::kMaxCurves; ++index)
        curves += ", {\"name\": \"c" + std::to_string(index) + "\"}";
    FACEWIRE_CHECK_EQUAL(codeOf(tableOf(curves)), "ok");
    FACEWIRE_CHECK_EQUAL(codeOf(tableOf(curves + R"(, {"name": "more"})")), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOf(tableOf("")), "out_of_range");

    std::string terms = "\"eyeBlinkLeft\": 1";
    for (std::size_t place = 1; place < facewire::kMaxMappingTerms; ++place)
        terms += ", \"" + std::string(facewire::kMappingInputs[place]) + "\": 1";
    FACEWIRE_CHECK_EQUAL(codeOfCurve("\"from\": {" + terms + "}"), "ok");
    FACEWIRE_CHECK_EQUAL(codeOfCurve("\"from\": {" + terms + ", \"headYaw\": 1}"), "too_large");

    std::string points = "[0, 0]";
    for (std::size_t index = 1; index < facewire::kMaxResponsePoints; ++index)
        points += ", [" + std::to_string(index) + ", 0]";
    FACEWIRE_CHECK_EQUAL(codeOfCurve("\"response\": [" + points + "]"), "ok");
    // A slope of 1 / 1e-320 would be infinite, and infinity times zero is no number.
    FACEWIRE_CHECK_EQUAL(codeOfCurve("\"response\": [[0, 0], [1e-320, 1]]"), "out_of_range");
    FACEWIRE_CHECK_EQUAL(codeOfCurve("\"response\": [[0, 0], [2e-6, 1]]"), "ok");
    FACEWIRE_CHECK_EQUAL(codeOfCurve("\"response\": [" + points + ", [99, 1]]"), "too_large");
}

FACEWIRE_TEST("shares that cannot be evaluated are refused") {
    const auto codeOfShares = [](const std::string& shares) {
        return codeOf(tableOf(R"({"name": "a", "from": {"jawOpen": 1}}, {"name": "b"},
                                 {"name": "c"}, {"name": "d", "offset": 0.5})",
                              "\"shares\": " + shares));
    };
    FACEWIRE_CHECK_EQUAL(codeOfShares(R"([{"curves": ["a", "b"], "limit": 1, "rest": "c"}])"),
                         "ok");
    FACEWIRE_CHECK_EQUAL(codeOfShares(R"([{"curves": ["a"], "limit": 1, "rest": null},
                                          {"curves": ["a"], "limit": 1}])"),
                         "ok");
    for (
        const char* shares :
        {"{}", "[1]", R"([{"limit": 1}])", R"([{"curves": ["a"]}])",
         R"([{"curves": [], "limit": 1}])", R"([{"curves": ["a", "a"], "limit": 1}])",
         R"([{"curves": ["a"], "limit": 1, "rest": "a"}])",
         R"([{"curves": ["c"], "limit": 1, "rest": "d"}])",
         R"([{"curves": ["a"], "limit": 1, "rest": "c"}, {"curves": ["b"], "limit": 1, "rest": "c"}])",
         R"([{"curves": ["a"], "limit": 1, "rest": "c"}, {"curves": ["c"], "limit": 1}])",
         R"([{"curves": "a", "limit": 1}])", R"([{"curves": ["a"], "limit": 1, "rest": 1}])"}) {
        FACEWIRE_CHECK_EQUAL(codeOfShares(shares), "malformed");
    }
    FACEWIRE_CHECK_EQUAL(codeOfShares(R"([{"curves": ["a"], "limit": 0}])"), "out_of_range");
}

FACEWIRE_TEST("what only the daemon reads is checked too") {
    for (const char* keys :
         {R"("title": 1)", R"("about": null)", R"("at_rest": [])", R"("$schema": 1)",
          R"("sides": [["L"]])", R"("sides": [["L", "L"]])", R"("sides": ["L", "R"])",
          R"("sources": {"a": 1})", R"("sources": [])", R"("drops": {"jawOpen": 1})",
          R"("drops": {"jawOpen": "w", "JawOpen": "w"})", R"("sums": {"x": "1"})",
          R"("sums": {"y": 1})", R"("reverse": {"jawOpen": 1})", R"("reverse": {"jawOpen": {}})",
          R"("reverse": {"jawOpen": {"y": 1}})", R"("reverse": {"jaw": {"x": 1}})",
          R"("reverse": {"eyeYawLeft": {"x": 1}})", R"("reverse": {"jawOpen": {"x": null}})"}) {
        FACEWIRE_CHECK_EQUAL(codeOf(tableOf(R"({"name": "x"})", keys)), "malformed");
    }
    FACEWIRE_CHECK_EQUAL(codeOf(tableOf(R"({"name": "x"})", R"("sums": {"x": 2000})")),
                         "out_of_range");
}

FACEWIRE_TEST("what is no table at all is refused") {
    for (const char* text : {"", "[]", "7", "null", "\"x\"", "{}", "{\"schema\": 1}"}) {
        FACEWIRE_CHECK(codeOf(text) != "ok");
    }
    FACEWIRE_CHECK_EQUAL(codeOf(repeated(2 * 1024 * 1024, " ")), "too_large");
}

FACEWIRE_TEST("a message shows long and strange names short and plain") {
    const std::string sentence = sentenceOf(
        tableOf("{\"name\": \"x\", \"" + repeated(100, "\xc3\xa9") + "\": 1, \"a\\nb\": 1}"));

    FACEWIRE_CHECK(contains(sentence, repeated(30, "\xc3\xa9") + "...\""));
    FACEWIRE_CHECK(!contains(sentence, repeated(31, "\xc3\xa9")));
    FACEWIRE_CHECK(contains(sentenceOf(tableOf("{\"name\": \"x\", \"a\\nb\": 1}")), "\"a?b\""));
}

FACEWIRE_TEST("the nearest name is the one most alike, whatever its case") {
    using facewire::nearestName;
    const std::vector<std::string_view> names = {"mouthSmileLeft", "mouthSmileRight", "jawOpen"};

    FACEWIRE_CHECK(nearestName("mouthsmileleft", names) == "mouthSmileLeft");
    FACEWIRE_CHECK(nearestName("mouthSmileRigth", names) == "mouthSmileRight");
    FACEWIRE_CHECK(nearestName("open", names) == "jawOpen");
    FACEWIRE_CHECK(!nearestName("zzz", names));
    FACEWIRE_CHECK(!nearestName("", names));
    FACEWIRE_CHECK(!nearestName(repeated(1'000'000, "jawOpen"), names));
    FACEWIRE_CHECK(!nearestName("x", {}));
}
