#include "FacewireCore/MsgPackReader.h"

#include <cmath>
#include <limits>

#include "Check.h"
#include "FacewireCore/Limits.h"
#include "Hex.h"

using facewire::MsgPackType;
using facewire::MsgPackValue;
using facewire::readMsgPack;
using facewire::testing::bytesFromHex;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes joined(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

/// `hex`, `times` times over.
Bytes repeated(std::size_t times, std::string_view hex) {
    const Bytes unit = bytesFromHex(hex);
    Bytes bytes;
    for (std::size_t index = 0; index < times; ++index)
        bytes = joined(std::move(bytes), unit);
    return bytes;
}

/// The header {"v": value}: a header is always a map.
Bytes inMap(const Bytes& value) {
    return joined(bytesFromHex("81 a176"), value);
}

/// The code `bytes` are refused with, or "ok".
std::string codeOf(const Bytes& bytes) {
    const auto result = readMsgPack(bytes);
    return result ? "ok" : std::string(facewire::wireName(result.error().code));
}

/// The code a header is refused with that has this value in a map.
std::string codeOfValue(std::string_view hex) {
    return codeOf(inMap(bytesFromHex(hex)));
}

/// A checked value, with the bytes it is a view of.
struct ReadValue {
    explicit ReadValue(std::string_view hex) : bytes(inMap(bytesFromHex(hex))) {
        const auto map = readMsgPack(bytes);
        std::string_view key;
        found = map && map.value().entries().next(key, value) && key == "v";
    }

    Bytes bytes;
    MsgPackValue value;
    bool found = false;
};

std::int64_t signedOf(std::string_view hex) {
    const ReadValue read(hex);
    FACEWIRE_CHECK(read.found && read.value.asSigned());
    return read.value.asSigned().value_or(0);
}

double numberOf(std::string_view hex) {
    const ReadValue read(hex);
    FACEWIRE_CHECK(read.found && read.value.asNumber());
    return read.value.asNumber().value_or(0);
}

}  // namespace

FACEWIRE_TEST("integers of every width are read with their sign") {
    FACEWIRE_CHECK_EQUAL(signedOf("00"), 0);
    FACEWIRE_CHECK_EQUAL(signedOf("7f"), 127);
    FACEWIRE_CHECK_EQUAL(signedOf("e0"), -32);
    FACEWIRE_CHECK_EQUAL(signedOf("ff"), -1);
    FACEWIRE_CHECK_EQUAL(signedOf("cc ff"), 255);
    FACEWIRE_CHECK_EQUAL(signedOf("cd ffff"), 65535);
    FACEWIRE_CHECK_EQUAL(signedOf("ce ffffffff"), 4294967295LL);
    FACEWIRE_CHECK_EQUAL(signedOf("cf 7fffffffffffffff"), INT64_MAX);
    FACEWIRE_CHECK_EQUAL(signedOf("d0 80"), -128);
    FACEWIRE_CHECK_EQUAL(signedOf("d0 7f"), 127);
    FACEWIRE_CHECK_EQUAL(signedOf("d1 8000"), -32768);
    FACEWIRE_CHECK_EQUAL(signedOf("d2 80000000"), -2147483648LL);
    FACEWIRE_CHECK_EQUAL(signedOf("d3 8000000000000000"), INT64_MIN);
    FACEWIRE_CHECK_EQUAL(signedOf("d3 0000000000000001"), 1);
}

FACEWIRE_TEST("an unsigned integer beyond int64 is unsigned only, a negative one signed only") {
    const ReadValue largest("cf ffffffffffffffff");
    const ReadValue minusOne("d0 ff");

    FACEWIRE_CHECK_EQUAL(largest.value.asUnsigned().value_or(0), UINT64_MAX);
    FACEWIRE_CHECK(!largest.value.asSigned());
    FACEWIRE_CHECK(minusOne.found && !minusOne.value.asUnsigned());
}

FACEWIRE_TEST("floats of both widths are read, and integers count as numbers but not as floats") {
    FACEWIRE_CHECK_EQUAL(numberOf("ca 3f000000"), 0.5);
    FACEWIRE_CHECK_EQUAL(numberOf("cb 3fb999999999999a"), 0.1);
    FACEWIRE_CHECK_EQUAL(numberOf("03"), 3.0);
    FACEWIRE_CHECK_EQUAL(numberOf("fe"), -2.0);
    FACEWIRE_CHECK(ReadValue("ca 3f000000").value.asFloat() == 0.5);
    FACEWIRE_CHECK(!ReadValue("03").value.asFloat());
}

FACEWIRE_TEST("NaN and infinities are read as they are: a field decides about them") {
    FACEWIRE_CHECK(std::isnan(numberOf("cb 7ff8000000000000")));
    FACEWIRE_CHECK_EQUAL(numberOf("ca ff800000"), -std::numeric_limits<double>::infinity());
}

FACEWIRE_TEST("strings of every length form are read") {
    for (const char* hex : {"a2 6869", "d9 02 6869", "da 0002 6869", "db 00000002 6869"}) {
        FACEWIRE_CHECK_EQUAL(ReadValue(hex).value.asString().value_or("?"), "hi");
    }
}

FACEWIRE_TEST("arrays of every length form are walked in order") {
    for (const char* hex :
         {"93 01 92 02 03 04", "dc 0003 01 92 02 03 04", "dd 00000003 01 92 02 03 04"}) {
        const ReadValue read(hex);
        auto cursor = read.value.items();
        MsgPackValue item;
        FACEWIRE_CHECK(cursor.next(item) && item.asUnsigned() == 1U);
        FACEWIRE_CHECK(cursor.next(item) && item.size() == 2 && item.encoded().size() == 3);
        FACEWIRE_CHECK(cursor.next(item) && item.asUnsigned() == 4U);
        FACEWIRE_CHECK(!cursor.next(item));
    }
}

FACEWIRE_TEST("maps of every length form are walked in the order of the wire") {
    for (const char* hex :
         {"82 a162 80 a161 c3", "de 0002 a162 80 a161 c3", "df 00000002 a162 80 a161 c3"}) {
        const ReadValue read(hex);
        auto cursor = read.value.entries();
        std::string_view key;
        MsgPackValue value;
        FACEWIRE_CHECK(cursor.next(key, value) && key == "b" && value.type() == MsgPackType::Map);
        FACEWIRE_CHECK(cursor.next(key, value) && key == "a" && value.asBoolean() == true);
        FACEWIRE_CHECK(!cursor.next(key, value));
    }
}

FACEWIRE_TEST("an accessor of another type answers nothing") {
    const ReadValue text("a1 61");
    MsgPackValue item;
    std::string_view key;

    FACEWIRE_CHECK(text.found && !text.value.isNull());
    FACEWIRE_CHECK(!text.value.asBoolean() && !text.value.asUnsigned() && !text.value.asSigned());
    FACEWIRE_CHECK(!text.value.asFloat() && !text.value.asNumber());
    FACEWIRE_CHECK(!text.value.items().next(item) && !text.value.entries().next(key, item));
    FACEWIRE_CHECK(ReadValue("c0").value.isNull() && !ReadValue("c0").value.asString());
}

FACEWIRE_TEST("a header that is no map is refused") {
    for (const char* hex :
         {"", "c0", "00", "a0", "90", "91 80", "dc 0000", "cb 3fb999999999999a"}) {
        FACEWIRE_CHECK_EQUAL(codeOf(bytesFromHex(hex)), "malformed");
    }
    for (const char* hex : {"80", "de 0000", "df 00000000"}) {
        FACEWIRE_CHECK_EQUAL(codeOf(bytesFromHex(hex)), "ok");
    }
}

FACEWIRE_TEST("every prefix of a good header is refused as malformed") {
    const Bytes whole = bytesFromHex(
        "86 a161 93 01 cd0100 ce00010000 a162 cb3fb999999999999a a163 d90161 a164 a20100 "
        "a165 de0001 a178 dc0001 c0 a166 d3ffffffff00000000");
    FACEWIRE_CHECK_EQUAL(codeOf(whole), "ok");

    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto end = whole.begin() + static_cast<std::ptrdiff_t>(size);
        FACEWIRE_CHECK_EQUAL(codeOf(Bytes(whole.begin(), end)), "malformed");
    }
}

FACEWIRE_TEST("bytes after the map are refused") {
    FACEWIRE_CHECK_EQUAL(codeOf(bytesFromHex("80 c0")), "malformed");
    FACEWIRE_CHECK_EQUAL(codeOf(bytesFromHex("81 a161 01 01")), "malformed");
}

FACEWIRE_TEST("binary, extension and unused types are refused") {
    for (const char* hex :
         {"c4 01 61", "c5 0001 61", "c6 00000001 61", "c7 00 05", "c8 0000 05", "c9 00000000 05",
          "d4 05 00", "d5 05 0000", "d6 ff 00000000", "d7 05 0000000000000000", "d8 05", "c1"}) {
        FACEWIRE_CHECK_EQUAL(codeOfValue(hex), "malformed");
    }
}

FACEWIRE_TEST("nesting is taken to the limit and refused beyond it") {
    const Bytes end = bytesFromHex("90");
    const std::size_t inside = facewire::kMaxDepth - 2;  // without the header map and the last one

    FACEWIRE_CHECK_EQUAL(codeOf(inMap(joined(repeated(inside, "91"), end))), "ok");
    FACEWIRE_CHECK_EQUAL(codeOf(inMap(joined(repeated(inside + 1, "91"), end))), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOf(inMap(joined(repeated(inside + 1, "81 a161"), end))), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOf(inMap(repeated(60'000, "91"))), "too_large");
}

FACEWIRE_TEST("items are taken to the limit and refused beyond it, declared or real") {
    FACEWIRE_CHECK_EQUAL(codeOf(inMap(joined(bytesFromHex("dc 1000"), Bytes(4096)))), "ok");
    FACEWIRE_CHECK_EQUAL(codeOf(inMap(joined(bytesFromHex("dc 1001"), Bytes(4097)))), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOfValue("dd ffffffff"), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOfValue("df ffffffff"), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOfValue("dd 00001000"), "malformed");
}

FACEWIRE_TEST("strings are taken to the limit and refused beyond it, declared or real") {
    FACEWIRE_CHECK_EQUAL(codeOf(inMap(joined(bytesFromHex("da 1000"), Bytes(4096)))), "ok");
    FACEWIRE_CHECK_EQUAL(codeOf(inMap(joined(bytesFromHex("da 1001"), Bytes(4097)))), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOfValue("db ffffffff"), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOfValue("da 1000"), "malformed");
}

FACEWIRE_TEST("values of a whole header are taken to the limit and refused beyond it") {
    // {"a": 4096 nils, "b": 4096 nils, "c": 4096 nils, "d": n nils}: 9 values besides the nils.
    const auto header = [](std::size_t lastCount) {
        Bytes bytes = bytesFromHex("84");
        for (const char* key : {"a161 dc1000", "a162 dc1000", "a163 dc1000"}) {
            bytes = joined(joined(std::move(bytes), bytesFromHex(key)), Bytes(4096, 0xc0));
        }
        const Bytes last = {0xa1, 0x64, 0xdc, static_cast<std::uint8_t>(lastCount >> 8),
                            static_cast<std::uint8_t>(lastCount)};
        return joined(joined(std::move(bytes), last), Bytes(lastCount, 0xc0));
    };
    const std::size_t fits = facewire::kMaxValues - 9 - 3 * 4096;

    FACEWIRE_CHECK_EQUAL(codeOf(header(fits)), "ok");
    FACEWIRE_CHECK_EQUAL(codeOf(header(fits + 1)), "too_large");
}

FACEWIRE_TEST("a header of one byte too many is refused before it is read") {
    Bytes bytes(facewire::kMaxHeaderBytes + 1, 0xc0);
    FACEWIRE_CHECK_EQUAL(codeOf(bytes), "too_large");
    bytes.pop_back();
    FACEWIRE_CHECK_EQUAL(codeOf(bytes), "malformed");
}

FACEWIRE_TEST("a header that breaks a limit is called too large whatever else is wrong with it") {
    FACEWIRE_CHECK_EQUAL(codeOf(bytesFromHex("82 a1ff 01 a161 dd ffffffff")), "too_large");
    FACEWIRE_CHECK_EQUAL(codeOf(bytesFromHex("83 01 01 a161 01 a161 db ffffffff")), "too_large");
}

FACEWIRE_TEST("map keys must be strings and come once, at any depth") {
    for (const char* hex : {"81 01 02", "81 90 02", "81 c0 02", "82 a161 01 a161 02",
                            "83 a161 01 a162 01 d90161 02", "81 a178 91 82 a161 01 a161 02"}) {
        FACEWIRE_CHECK_EQUAL(codeOf(bytesFromHex(hex)), "malformed");
    }
    FACEWIRE_CHECK_EQUAL(codeOf(bytesFromHex("82 a161 81 a161 01 a162 81 a161 02")), "ok");
}

FACEWIRE_TEST("text that is not UTF-8 is refused, text that is passes") {
    for (const char* hex : {"80", "c080", "c1bf", "c2", "c2c0", "e08080", "e09fbf", "eda080",
                            "edbfbf", "f08fbfbf", "f4908080", "f5808080", "ff", "e282", "e28228"}) {
        FACEWIRE_CHECK(!facewire::isUtf8(bytesFromHex(hex)));
    }
    for (const char* hex : {"", "00", "7f", "c280", "dfbf", "e0a080", "ed9fbf", "ee8080", "efbfbf",
                            "f0908080", "f48fbfbf", "61e282ac62"}) {
        FACEWIRE_CHECK(facewire::isUtf8(bytesFromHex(hex)));
    }
    FACEWIRE_CHECK_EQUAL(codeOfValue("a1 ff"), "malformed");
    FACEWIRE_CHECK_EQUAL(codeOf(bytesFromHex("81 a2 c328 c0")), "malformed");
}
