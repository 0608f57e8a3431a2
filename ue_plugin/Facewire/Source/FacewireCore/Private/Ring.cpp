#include "FacewireCore/Ring.h"

#include <string>

#include "Crc32.h"

namespace facewire {

namespace {

constexpr std::string_view kRingMagic("FWRING1\0", 8);
constexpr std::string_view kRecordMagic = "FWRC";
constexpr std::uint64_t kRingLayoutVersion = 1;

std::uint64_t littleEndian(ByteView bytes, std::size_t offset, std::size_t size) noexcept {
    std::uint64_t number = 0;
    for (std::size_t left = size; left > 0; --left) {
        number = (number << 8) | bytes[offset + left - 1];
    }
    return number;
}

Error ringMismatch(std::string text, std::string field) {
    return Error{ErrorCode::RingMismatch, std::move(text), std::move(field)};
}

Error recordMismatch(const char* what, std::uint64_t offset) {
    return ringMismatch("The " + std::string(what) + " of the ring record at " +
                            std::to_string(offset) + " is not what the message says.",
                        "offset");
}

}  // namespace

Status checkRingHeader(ByteView header, std::uint64_t fileBytes, std::uint64_t announcedBytes) {
    if (header.size() < kRingHeaderBytes || fileBytes < announcedBytes) {
        return ringMismatch("The ring has " + std::to_string(fileBytes) + " bytes, not " +
                                std::to_string(announcedBytes) + ".",
                            "rings");
    }
    const bool isRing = header.slice(0, kRingMagic.size()).text() == kRingMagic &&
                        crc32(header.slice(0, 60)) == littleEndian(header, 60, 4);
    if (!isRing) return ringMismatch("The file is no ring.", "rings");
    if (littleEndian(header, 8, 4) != kRingLayoutVersion) {
        return ringMismatch("The ring has another layout.", "rings");
    }
    if (littleEndian(header, 16, 8) != announcedBytes) {
        return ringMismatch("The ring was made with another size.", "rings");
    }
    return Status();
}

Status checkRecordPlace(const RecordName& name, std::uint64_t announcedBytes) {
    // Subtractions only: a sum of the other side's numbers could wrap.
    const bool startsInside = name.offset >= kRingHeaderBytes && name.offset <= announcedBytes &&
                              announcedBytes - name.offset >= kRecordHeaderBytes;
    if (!startsInside || name.lengthBytes == 0 ||
        name.lengthBytes > announcedBytes - name.offset - kRecordHeaderBytes) {
        return recordMismatch("place", name.offset);
    }
    if (name.offset % kRecordAlignment != 0) return recordMismatch("alignment", name.offset);
    return Status();
}

Result<ByteView> payloadOfRecord(ByteView record, const RecordName& name) {
    if (record.size() < kRecordHeaderBytes ||
        record.size() - kRecordHeaderBytes != name.lengthBytes) {
        return recordMismatch("length", name.offset);
    }
    const bool isNamed = record.slice(0, kRecordMagic.size()).text() == kRecordMagic &&
                         littleEndian(record, 4, 4) == name.generation &&
                         littleEndian(record, 8, 8) == name.sequence &&
                         littleEndian(record, 16, 4) == name.lengthBytes;
    if (!isNamed) return recordMismatch("record header", name.offset);
    const ByteView payload = record.slice(kRecordHeaderBytes, record.size() - kRecordHeaderBytes);
    if (crc32(payload) != littleEndian(record, 20, 4)) {
        return recordMismatch("checksum", name.offset);
    }
    return payload;
}

}  // namespace facewire
