// libFuzzer's entry point: any bytes at all go through the decoders. With clang it links with
// -fsanitize=fuzzer; FuzzRunner.cpp drives it with any other compiler.

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "FacewireCore/Codec.h"
#include "FacewireCore/Ring.h"

namespace {

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken rule: %s\n", what);
    std::abort();
}

/// What is decoded can be encoded, and what was encoded decodes and encodes to the same bytes.
void checkHeader(facewire::ByteView header, facewire::Side to) {
    const auto envelope = facewire::decode(header, to);
    if (!envelope) {
        require(!envelope.error().text.empty(), "a refusal says why");
        return;
    }
    const auto& [message, sequence, version] = envelope.value();
    const auto once = facewire::encode(message, sequence, version);
    // A header of shorter number formats may pass the limit when it is written in the long ones.
    if (!once) {
        require(once.error().code == facewire::ErrorCode::TooLarge, "a decoded message encodes");
        return;
    }
    const auto again = facewire::decode(once.value(), to);
    require(again.ok(), "an encoded message decodes");
    const auto twice = facewire::encode(again.value().message, sequence, version);
    require(twice && twice.value() == once.value(), "encoding is stable");
}

/// The bytes are a ring's header, and a record at every place; they name themselves.
void checkRing(facewire::ByteView bytes) {
    (void)facewire::checkRingHeader(bytes, bytes.size(), bytes.size()).ok();
    if (bytes.size() < facewire::kRecordHeaderBytes) return;
    facewire::RecordName name;
    std::memcpy(&name.generation, bytes.data() + 4, sizeof name.generation);
    std::memcpy(&name.sequence, bytes.data() + 8, sizeof name.sequence);
    std::memcpy(&name.offset, bytes.data(), sizeof name.offset);
    name.lengthBytes = bytes.size() - facewire::kRecordHeaderBytes;
    const auto payload = facewire::payloadOfRecord(bytes, name);
    require(!payload || payload.value().size() == name.lengthBytes, "a record has its length");
    if (facewire::checkRecordPlace(name, bytes.size())) {
        require(name.offset + facewire::kRecordHeaderBytes + name.lengthBytes <= bytes.size(),
                "a record lies in its ring");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const facewire::ByteView bytes(data, size);
    checkHeader(bytes, facewire::Side::Client);
    checkHeader(bytes, facewire::Side::Daemon);
    checkRing(bytes);
    return 0;
}
