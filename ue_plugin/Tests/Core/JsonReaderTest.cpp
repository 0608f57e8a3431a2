#include "FacewireCore/JsonReader.h"

#include <cmath>
#include <limits>
#include <locale>
#include <utility>

#include "Check.h"
#include "JsonNumber.h"

using facewire::ByteView;
using facewire::ErrorCode;
using facewire::JsonDocument;
using facewire::JsonEntry;
using facewire::JsonType;
using facewire::JsonValue;

namespace {

facewire::Result<JsonDocument> readText(std::string_view text) {
    // A copy without spare room: AddressSanitizer sees one byte read too many.
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    return facewire::readJson(bytes);
}

/// The code a text is refused with, or "ok".
std::string codeOf(std::string_view text) {
    const auto document = readText(text);
    return document ? "ok" : std::string(facewire::wireName(document.error().code));
}

/// The sentence a text is refused with, or "ok".
std::string sentenceOf(std::string_view text) {
    const auto document = readText(text);
    return document ? "ok" : document.error().text;
}

/// The number that is the whole text; NaN, which no text gives, for none.
double numberOf(std::string_view text) {
    const auto document = readText(text);
    const auto number = document ? document.value().root().asNumber() : std::nullopt;
    return number.value_or(std::numeric_limits<double>::quiet_NaN());
}

/// The string that is the whole text.
std::string stringOf(std::string_view text) {
    const auto document = readText(text);
    if (!document) return "refused: " + document.error().text;
    return std::string(document.value().root().asString().value_or("no string"));
}

std::string repeated(std::size_t times, std::string_view unit) {
    std::string text;
    for (std::size_t index = 0; index < times; ++index)
        text += unit;
    return text;
}

/// Decimal comma, and points between thousands.
class CommaNumbers : public std::numpunct<char> {
protected:
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};

}  // namespace

FACEWIRE_TEST("values of every type are read, whatever space is around them") {
    const auto document = readText(
        " \t\r\n{\"a\": [1, -2.5e1 ,\"x\"], \"b\" :true,\"c\":null, "
        "\"d\":{}, \"e\": [ ], \"f\": false}\n");
    FACEWIRE_REQUIRE(document);
    const JsonValue root = document.value().root();

    FACEWIRE_CHECK_EQUAL(root.size(), 6U);
    const auto list = root.find("a");
    FACEWIRE_REQUIRE(list && list->type() == JsonType::List);
    std::vector<JsonValue> items;
    for (const JsonValue item : list->items())
        items.push_back(item);
    FACEWIRE_REQUIRE(items.size() == 3 && list->size() == 3);
    FACEWIRE_CHECK(items[0].asNumber() == 1.0);
    FACEWIRE_CHECK(items[1].asNumber() == -25.0);
    FACEWIRE_CHECK(items[2].asString() == "x");
    FACEWIRE_CHECK(root.find("b")->asBoolean() == true);
    FACEWIRE_CHECK(root.find("c")->type() == JsonType::Null);
    FACEWIRE_CHECK(root.find("d")->type() == JsonType::Object && root.find("d")->size() == 0);
    FACEWIRE_CHECK(root.find("e")->type() == JsonType::List && root.find("e")->size() == 0);
    FACEWIRE_CHECK(root.find("f")->asBoolean() == false);
    FACEWIRE_CHECK(!root.find("g"));
}

FACEWIRE_TEST("an object is walked in the order of the text, nested values in one step") {
    const auto document = readText("{\"b\": {\"x\": [1, [2]]}, \"a\": [{}], \"c\": 3}");
    FACEWIRE_REQUIRE(document);

    std::string keys;
    for (const JsonEntry entry : document.value().root().entries())
        keys += entry.key;

    FACEWIRE_CHECK_EQUAL(keys, "bac");
    FACEWIRE_CHECK(document.value().root().find("c")->asNumber() == 3.0);
}

FACEWIRE_TEST("an accessor of another type answers nothing") {
    const auto text = readText("\"x\"");
    const auto number = readText("7");
    FACEWIRE_REQUIRE(text && number);

    FACEWIRE_CHECK(!text.value().root().asNumber() && !text.value().root().asBoolean());
    FACEWIRE_CHECK(!number.value().root().asString() && number.value().root().size() == 0);
    FACEWIRE_CHECK(!number.value().root().find("x"));
    for (const JsonValue item : text.value().root().items())
        FACEWIRE_CHECK(item.size() == 1 && false);
    for (const JsonEntry entry : number.value().root().entries())
        FACEWIRE_CHECK(entry.key == "" && false);
}

FACEWIRE_TEST("a document says the same after it has moved") {
    auto document = readText("{\"short\": \"a\", \"escaped\": \"\\u00e9\"}");
    FACEWIRE_REQUIRE(document);
    JsonDocument moved;

    moved = std::move(document).value();

    FACEWIRE_CHECK(moved.root().find("short")->asString() == "a");
    FACEWIRE_CHECK(moved.root().find("escaped")->asString() == "\xc3\xa9");
}

FACEWIRE_TEST("a number is the nearest double, by both ways of reading it") {
    struct Case {
        const char* text;
        double number;
    };
    static constexpr Case kCases[] = {
        {"0", 0.0},
        {"-0", -0.0},
        {"0.1", 0.1},
        {"-12.5", -12.5},
        {"1E+3", 1000.0},
        {"1e-3", 0.001},
        {"0.30000000000000004", 0.30000000000000004},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.00000000000000000000000000000000001", 9007199254740994.0},
        {"1e23", 1e23},
        {"8.5e-24", 8.5e-24},
        {"2.2250738585072011e-308", 2.2250738585072011e-308},
        {"2.2250738585072014e-308", std::numeric_limits<double>::min()},
        {"5e-324", std::numeric_limits<double>::denorm_min()},
        {"2e-324", 0.0},
        {"-1e-400", -0.0},
        {"1e-999999999999999999999", 0.0},
        {"0e999999999999999999999", 0.0},
        {"1.7976931348623157e308", std::numeric_limits<double>::max()},
        {"1.7976931348623158e308", std::numeric_limits<double>::max()},
    };
    for (const Case& each : kCases) {
        FACEWIRE_CHECK_EQUAL(numberOf(each.text), each.number);
        FACEWIRE_CHECK_EQUAL(std::signbit(numberOf(each.text)), std::signbit(each.number));
        const auto streamed = facewire::doubleFromJsonByStream(each.text);
        FACEWIRE_CHECK(streamed && *streamed == each.number &&
                       std::signbit(*streamed) == std::signbit(each.number));
    }
    const std::string third = "0." + repeated(1000, "3");
    FACEWIRE_CHECK_EQUAL(numberOf(third), 1.0 / 3.0);
    FACEWIRE_CHECK_EQUAL(facewire::doubleFromJsonByStream(third).value_or(0), 1.0 / 3.0);
}

FACEWIRE_TEST("a number beyond all doubles is out of range, by both ways of reading it") {
    for (const char* text : {"1e309", "-1e309", "1.8e308", "1e999999999999999999999"}) {
        FACEWIRE_CHECK_EQUAL(codeOf(text), "out_of_range");
        FACEWIRE_CHECK(!facewire::doubleFromJsonByStream(text));
    }
    FACEWIRE_CHECK_EQUAL(codeOf(repeated(400, "9")), "out_of_range");
}

FACEWIRE_TEST("a locale with a decimal comma changes nothing") {
    const std::locale before =
        std::locale::global(std::locale(std::locale::classic(), new CommaNumbers));

    FACEWIRE_CHECK_EQUAL(numberOf("1234.5"), 1234.5);
    FACEWIRE_CHECK_EQUAL(facewire::doubleFromJsonByStream("1234.5").value_or(0), 1234.5);
    FACEWIRE_CHECK_EQUAL(codeOf("1,5"), "malformed");
    std::locale::global(before);
}

FACEWIRE_TEST("what looks like a number but is none is refused") {
    for (const char* text :
         {"01", "-", "-a", "+1", ".5", "1.", "1.e5", "1e", "1e+", "0x10", "1_0", "NaN", "-NaN",
          "Infinity", "-Infinity", "nan", "inf", "1.5.2", "--1"}) {
        FACEWIRE_CHECK_EQUAL(codeOf(text), "malformed");
    }
}

FACEWIRE_TEST("escapes are resolved") {
    FACEWIRE_CHECK_EQUAL(stringOf(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
    FACEWIRE_CHECK_EQUAL(stringOf(R"("\u0041\u00e9\u20AC")"), "A\xc3\xa9\xe2\x82\xac");
    FACEWIRE_CHECK_EQUAL(stringOf(R"("\ud83d\ude00 \uDBFF\uDFFF")"),
                         "\xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf");
    FACEWIRE_CHECK_EQUAL(stringOf("\"a\\u0000b\"").size(), 3U);
    FACEWIRE_CHECK_EQUAL(stringOf("\"\x7f \xc3\xa9\""), "\x7f \xc3\xa9");
}

FACEWIRE_TEST("escapes that JSON does not have are refused") {
    for (const char* text : {R"("\x41")", R"("\'")", R"("\u")", R"("\u12")", R"("\u12g4")",
                             R"("\U00e9")", "\"\\", "\"\\u00e", "\"\\\n\""}) {
        FACEWIRE_CHECK_EQUAL(codeOf(text), "malformed");
    }
}

FACEWIRE_TEST("half a surrogate pair is refused") {
    for (const char* text : {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\n")",
                             R"("\ud83d\ud83d")", R"("\ud83d\u0041")", "\"\\ud83d\\u\""}) {
        FACEWIRE_CHECK_EQUAL(codeOf(text), "malformed");
    }
}

FACEWIRE_TEST("text that is not UTF-8 is refused, inside strings and outside") {
    for (const char* text : {"\"\xff\"", "\"\xc3\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
                             "\"\xf4\x90\x80\x80\"", "\xff", "[\xc3\xa9]", "{\"\xff\": 1}"}) {
        FACEWIRE_CHECK_EQUAL(codeOf(text), "malformed");
    }
    FACEWIRE_CHECK_EQUAL(codeOf("\xef\xbb\xbf{}"), "malformed");  // a mark is for the caller
}

FACEWIRE_TEST("control characters and line ends inside strings are refused") {
    FACEWIRE_CHECK_EQUAL(codeOf("\"a\nb\""), "malformed");
    FACEWIRE_CHECK_EQUAL(codeOf("\"a\tb\""), "malformed");
    FACEWIRE_CHECK_EQUAL(codeOf(std::string_view("\"a\0b\"", 5)), "malformed");
}

FACEWIRE_TEST("the slips of people who write JSON by hand are refused") {
    for (const char* text : {"",
                             " ",
                             "{",
                             "[",
                             "]",
                             "}",
                             "[1,]",
                             "{\"a\": 1,}",
                             "[,1]",
                             "[1 2]",
                             "{\"a\" 1}",
                             "{\"a\": }",
                             "{a: 1}",
                             "{'a': 1}",
                             "{1: 2}",
                             "{\"a\": 1 \"b\": 2}",
                             "[1] // why",
                             "[1] 2",
                             "{}{}",
                             "True",
                             "nul",
                             "truex",
                             "undefined",
                             "[1, /* two */ 2]",
                             "{\"a\"}",
                             "[1}",
                             "{\"a\": 1]",
                             "{,}",
                             "{\"a\": 'x'}",
                             "\"a",
                             "{\"a",
                             "[\"a\", "}) {
        FACEWIRE_CHECK_EQUAL(codeOf(text), "malformed");
    }
    FACEWIRE_CHECK_EQUAL(codeOf(std::string_view("1\0", 2)), "malformed");
}

FACEWIRE_TEST("every prefix of a good text is refused as malformed") {
    const std::string whole =
        R"({"a": [1, -0.5e-3, "x\né"], "b": {"c": [true, false, null]}, "d": {}})";
    FACEWIRE_CHECK_EQUAL(codeOf(whole), "ok");

    for (std::size_t size = 0; size < whole.size(); ++size)
        FACEWIRE_CHECK_EQUAL(codeOf(std::string_view(whole).substr(0, size)), "malformed");
}

FACEWIRE_TEST("keys that come twice in one object are refused, at any depth and however written") {
    for (const char* text : {"{\"a\": 1, \"a\": 1}", "[{\"b\": {\"a\": 1, \"c\": [], \"a\": 2}}]",
                             "{\"a\": 1, \"\\u0061\": 2}", "{\"\": 1, \"\": 2}"}) {
        FACEWIRE_CHECK_EQUAL(codeOf(text), "malformed");
    }
    FACEWIRE_CHECK_EQUAL(codeOf("{\"a\": {\"a\": 1}, \"b\": {\"a\": 2}, \"A\": \"a\"}"), "ok");
}

FACEWIRE_TEST("a refusal names line and column, columns in characters") {
    FACEWIRE_CHECK_EQUAL(sentenceOf("{\n  \"a\": 1\n  \"b\": 2}"),
                         "Line 3, column 3: A comma or } must stand here.");
    FACEWIRE_CHECK_EQUAL(sentenceOf("{\"\xc3\xa9\": NaN}"),
                         "Line 1, column 7: A value must stand here; JSON has no NaN or Infinity.");
    FACEWIRE_CHECK_EQUAL(sentenceOf("{\"a\": 1,\n \"b\": {}, \"a\": 2}"),
                         "Line 2, column 11: This key was there before in the same object.");
    FACEWIRE_CHECK_EQUAL(sentenceOf("[1,\r\n]"),
                         "Line 2, column 1: A value must stand here; is there a comma too many?");
}

FACEWIRE_TEST("nesting is taken to the limit and refused beyond it") {
    const std::size_t most = facewire::kMaxJsonDepth;

    FACEWIRE_CHECK_EQUAL(codeOf(repeated(most, "[") + repeated(most, "]")), "ok");
    FACEWIRE_CHECK_EQUAL(codeOf(repeated(most + 1, "[") + repeated(most + 1, "]")), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOf(repeated(most, "{\"a\":") + "1" + repeated(most, "}")), "ok");
    FACEWIRE_CHECK_EQUAL(codeOf(repeated(most + 1, "{\"a\":")), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOf(repeated(1'000'000, "[")), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOf("[" + repeated(1000, "[[]],") + "1]"), "ok");
}

FACEWIRE_TEST("size is taken to the limit and refused beyond it") {
    std::string text = repeated(facewire::kMaxJsonBytes - 2, " ") + "[]";
    FACEWIRE_CHECK_EQUAL(codeOf(text), "ok");

    text += " ";

    FACEWIRE_CHECK_EQUAL(codeOf(text), "too_large");
}

FACEWIRE_TEST("a text full of small values is read within the limit") {
    const std::string text = "[" + repeated(facewire::kMaxJsonBytes / 2 - 2, "0,") + "0]";
    const auto document = readText(text);
    FACEWIRE_REQUIRE(document);

    FACEWIRE_CHECK_EQUAL(document.value().root().size(), facewire::kMaxJsonBytes / 2 - 1);
}
