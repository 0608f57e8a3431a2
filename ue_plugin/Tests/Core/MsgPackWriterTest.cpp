#include "FacewireCore/MsgPackWriter.h"

#include <limits>

#include "Check.h"
#include "FacewireCore/MsgPackReader.h"
#include "Hex.h"

using facewire::MsgPackWriter;
using facewire::readMsgPack;
using facewire::testing::hexFromBytes;

namespace {

std::string hexOfSigned(std::int64_t number) {
    MsgPackWriter writer;
    writer.signedInteger(number);
    return hexFromBytes(writer.bytes());
}

std::string headOfString(std::size_t size, std::size_t headBytes) {
    MsgPackWriter writer;
    writer.string(std::string(size, 'x'));
    FACEWIRE_CHECK_EQUAL(writer.bytes().size(), size + headBytes);
    return hexFromBytes(writer.take()).substr(0, 2 * headBytes);
}

}  // namespace

FACEWIRE_TEST("integers take the shortest form") {
    FACEWIRE_CHECK_EQUAL(hexOfSigned(0), "00");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(127), "7f");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(128), "cc80");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(255), "ccff");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(256), "cd0100");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(65536), "ce00010000");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(4294967296), "cf0000000100000000");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(-1), "ff");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(-32), "e0");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(-33), "d0df");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(-128), "d080");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(-129), "d1ff7f");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(-32769), "d2ffff7fff");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(-2147483649LL), "d3ffffffff7fffffff");
    FACEWIRE_CHECK_EQUAL(hexOfSigned(INT64_MIN), "d38000000000000000");
}

FACEWIRE_TEST("text takes the shortest head") {
    FACEWIRE_CHECK_EQUAL(headOfString(0, 1), "a0");
    FACEWIRE_CHECK_EQUAL(headOfString(31, 1), "bf");
    FACEWIRE_CHECK_EQUAL(headOfString(32, 2), "d920");
    FACEWIRE_CHECK_EQUAL(headOfString(255, 2), "d9ff");
    FACEWIRE_CHECK_EQUAL(headOfString(256, 3), "da0100");
    FACEWIRE_CHECK_EQUAL(headOfString(65536, 5), "db00010000");
}

FACEWIRE_TEST("containers take the shortest head") {
    MsgPackWriter writer;
    writer.arrayHead(15);
    writer.arrayHead(16);
    writer.arrayHead(65536);
    writer.mapHead(15);
    writer.mapHead(16);
    writer.mapHead(65536);
    FACEWIRE_CHECK_EQUAL(hexFromBytes(writer.take()), "9fdc0010dd000100008fde0010df00010000");
}

FACEWIRE_TEST("what is written is read back the same") {
    MsgPackWriter writer;
    writer.mapHead(5);
    writer.string("nil");
    writer.null();
    writer.string("flag");
    writer.boolean(true);
    writer.string("number");
    writer.number(-0.1);
    writer.string("largest");
    writer.unsignedInteger(std::numeric_limits<std::uint64_t>::max());
    writer.string("list");
    writer.arrayHead(2);
    writer.signedInteger(-7);
    writer.string("gr\xc3\xbc\xc3\x9f");

    const auto result = readMsgPack(writer.bytes());

    FACEWIRE_REQUIRE(result);
    auto entries = result.value().entries();
    std::string_view key;
    facewire::MsgPackValue value;
    FACEWIRE_CHECK(entries.next(key, value) && key == "nil" && value.isNull());
    FACEWIRE_CHECK(entries.next(key, value) && value.asBoolean() == true);
    FACEWIRE_CHECK(entries.next(key, value) && value.asFloat() == -0.1);
    FACEWIRE_CHECK(entries.next(key, value) && value.asUnsigned() == UINT64_MAX);
    FACEWIRE_REQUIRE(entries.next(key, value));
    auto items = value.items();
    FACEWIRE_CHECK(items.next(value) && value.asSigned() == -7);
    FACEWIRE_CHECK(items.next(value) && value.asString() == "gr\xc3\xbc\xc3\x9f");
}

FACEWIRE_TEST("a value that was encoded elsewhere is copied as it is") {
    MsgPackWriter inner;
    inner.mapHead(1);
    inner.string("a");
    inner.unsignedInteger(1);
    MsgPackWriter outer;
    outer.arrayHead(1);
    outer.encoded(inner.bytes());

    FACEWIRE_CHECK_EQUAL(hexFromBytes(outer.bytes()), "9181a16101");
}
