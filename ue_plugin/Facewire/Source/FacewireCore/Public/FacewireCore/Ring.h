#pragma once

#include <cstddef>
#include <cstdint>

#include "FacewireCore/ByteView.h"
#include "FacewireCore/Result.h"

namespace facewire {

/// Bytes before the first record of a ring file.
inline constexpr std::size_t kRingHeaderBytes = 64;
/// Bytes before the payload of a record.
inline constexpr std::size_t kRecordHeaderBytes = 24;
/// Records begin at multiples of this.
inline constexpr std::size_t kRecordAlignment = 8;

/// What a message says of the record that holds its payload.
struct RecordName {
    /// Byte offset of the record's header in the file.
    std::uint64_t offset = 0;
    /// Bytes of the payload alone.
    std::uint64_t lengthBytes = 0;
    /// Generation of the stream.
    std::uint32_t generation = 0;
    /// Sequence number of the message itself.
    std::uint64_t sequence = 0;
};

// The layout of a ring file, SPEC §ring. Where the bytes come from (pread, a read-only mapping) is
// the caller's matter; every check takes numbers of the other side and none of them can overflow.

/// Check the first kRingHeaderBytes of a ring file.
///
/// @param header What could be read of them; fewer bytes are refused.
/// @param fileBytes Size of the file as the system gives it.
/// @param announcedBytes Size of the ring as `welcome` gives it.
/// @returns RingMismatch for a file that is cut, damaged, of another layout or of another size.
Status checkRingHeader(ByteView header, std::uint64_t fileBytes, std::uint64_t announcedBytes);

/// Check that a record lies inside a ring of `announcedBytes`, where records may begin.
Status checkRecordPlace(const RecordName& name, std::uint64_t announcedBytes);

/// The payload of a record, as a part of `record`.
///
/// @param record The kRecordHeaderBytes + name.lengthBytes bytes at name.offset.
/// @returns The payload, or RingMismatch when this is not the named record, whole and undamaged.
Result<ByteView> payloadOfRecord(ByteView record, const RecordName& name);

}  // namespace facewire
