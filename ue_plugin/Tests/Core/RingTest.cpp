#include "FacewireCore/Ring.h"

#include "Check.h"
#include "Crc32.h"
#include "Hex.h"

using facewire::ByteView;
using facewire::RecordName;

namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr std::size_t kSize = 4096;

void put(Bytes& bytes, std::size_t offset, std::uint64_t number, std::size_t size) {
    for (std::size_t index = 0; index < size; ++index) {
        bytes[offset + index] = static_cast<std::uint8_t>(number >> (8 * index));
    }
}

void putText(Bytes& bytes, std::size_t offset, std::string_view text) {
    for (const char character : text)
        bytes[offset++] = static_cast<std::uint8_t>(character);
}

/// A ring of kSize bytes with the record "hello" (generation 1, sequence 3) at 64.
Bytes ringWithHello() {
    Bytes file(kSize);
    putText(file, 0, "FWRING1");
    put(file, 8, 1, 4);
    put(file, 16, kSize, 8);
    put(file, 24, 1, 8);
    putText(file, 32, "session");
    put(file, 60, facewire::crc32(ByteView(file).slice(0, 60)), 4);
    putText(file, 64, "FWRC");
    put(file, 68, 1, 4);
    put(file, 72, 3, 8);
    put(file, 80, 5, 4);
    putText(file, 88, "hello");
    put(file, 84, facewire::crc32(ByteView(file).slice(88, 5)), 4);
    return file;
}

/// What a reader of the ring gets: the payload, or the code of the refusal.
std::string readAt(const Bytes& file, const RecordName& name) {
    if (!facewire::checkRingHeader(file, file.size(), kSize)) return "not open";
    if (!facewire::checkRecordPlace(name, kSize)) return "outside";
    const std::size_t bytes = facewire::kRecordHeaderBytes + name.lengthBytes;
    const auto payload = facewire::payloadOfRecord(ByteView(file).slice(name.offset, bytes), name);
    if (payload) return std::string(payload.value().text());
    return std::string(facewire::wireName(payload.error().code));
}

}  // namespace

FACEWIRE_TEST("the checksum is the one of zlib") {
    const Bytes digits = facewire::testing::bytesFromHex("313233343536373839");
    FACEWIRE_CHECK_EQUAL(facewire::crc32(digits), 0xcbf4'3926U);
    FACEWIRE_CHECK_EQUAL(facewire::crc32(ByteView()), 0U);
}

FACEWIRE_TEST("a record is read where the message says it lies") {
    FACEWIRE_CHECK_EQUAL(readAt(ringWithHello(), {64, 5, 1, 3}), "hello");
}

FACEWIRE_TEST("a place that would wrap round 64 bits is outside the ring") {
    const Bytes file = ringWithHello();
    for (const RecordName& name :
         {RecordName{UINT64_MAX - 7, 5, 1, 3}, RecordName{64, UINT64_MAX, 1, 3},
          RecordName{UINT64_MAX - 23, 24, 1, 3}, RecordName{64, UINT64_MAX - 87, 1, 3},
          RecordName{kSize - 24, 1, 1, 3}, RecordName{64, 0, 1, 3}}) {
        FACEWIRE_CHECK_EQUAL(readAt(file, name), "outside");
    }
}

FACEWIRE_TEST("every flipped bit of a record or of the file's header is noticed") {
    const Bytes whole = ringWithHello();
    for (std::size_t bit = 0; bit < 8 * 93; ++bit) {
        const std::size_t at = bit / 8;
        Bytes file = whole;
        file[at] = static_cast<std::uint8_t>(file[at] ^ (1U << (bit % 8)));
        const std::string expected = at < 64 ? "not open" : "ring_mismatch";
        FACEWIRE_CHECK_EQUAL(readAt(file, {64, 5, 1, 3}), expected);
    }
}

FACEWIRE_TEST("a file shorter than announced is refused, whatever its header says") {
    const Bytes whole = ringWithHello();
    const ByteView header = ByteView(whole).slice(0, facewire::kRingHeaderBytes);

    FACEWIRE_CHECK(facewire::checkRingHeader(header, kSize, kSize));
    FACEWIRE_CHECK(!facewire::checkRingHeader(header, kSize - 1, kSize));
    FACEWIRE_CHECK(!facewire::checkRingHeader(header, kSize, 2 * kSize));
    FACEWIRE_CHECK(!facewire::checkRingHeader(header, kSize, kSize / 2));
    FACEWIRE_CHECK(!facewire::checkRingHeader(header.slice(0, 63), kSize, kSize));
}

FACEWIRE_TEST("a record that could not be read whole is refused") {
    const Bytes file = ringWithHello();
    const RecordName hello{64, 5, 1, 3};

    for (std::size_t size = 0; size < 40; ++size) {
        const bool whole = size == facewire::kRecordHeaderBytes + 5;
        const auto payload = facewire::payloadOfRecord(ByteView(file).slice(64, size), hello);
        FACEWIRE_CHECK_EQUAL(payload.ok(), whole);
    }
}
