#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "FacewireCore/ByteView.h"
#include "FacewireCore/Limits.h"
#include "FacewireCore/Result.h"
#include "FacewireCore/SessionMessages.h"
#include "FacewireCore/StreamMessages.h"

namespace facewire {

/// Any message of version 1.
using Message =
    std::variant<messages::Hello, messages::Welcome, messages::Ping, messages::Pong, messages::Bye,
                 messages::Draining, messages::Error, messages::Warning, messages::OpenStream,
                 messages::StreamOpened, messages::Audio, messages::Emotion,
                 messages::SetParameters, messages::EndAudio, messages::Interrupt,
                 messages::Interrupted, messages::Credit, messages::Frames, messages::StreamEnded,
                 messages::CloseStream, messages::StreamClosed, messages::ListModels,
                 messages::Models, messages::Stats, messages::WarmUp, messages::WarmedUp>;

/// The `type` of a message on the wire, such as "open_stream".
std::string_view wireType(const Message& message) noexcept;

/// A decoded header.
struct Envelope {
    Message message;
    /// The sender's message number in this session, from 1.
    std::uint64_t sequence = 0;
    /// Version the sender wrote it in.
    ProtocolVersion version;
};

/// Read a header sent to the side `to`. Unknown keys are passed over within the size limits.
///
/// @returns The message, or Malformed, TooLarge, OutOfRange, VersionRefused (another major version)
///     or Unsupported (a type that this side does not take).
Result<Envelope> decode(ByteView header, Side to);

/// Write the header of `message`, byte for byte as the daemon's own encoder would.
///
/// @returns The bytes, or the reason why the receiver would refuse them.
Result<std::vector<std::uint8_t>> encode(const Message& message, std::uint64_t sequence,
                                         ProtocolVersion version = ProtocolVersion());

/// A received multipart: the header read, the payload where it lies.
struct Received {
    Envelope envelope;
    /// Empty unless hasPayload. Holds no copy: the part must outlive it.
    ByteView payload;
    bool hasPayload = false;
};

/// Read a multipart sent to the side `to`: 1 part, or 2 for audio and frames sent inline.
///
/// @returns As decode(); also Malformed for a wrong number of parts and for a payload that is
///     missing, of the wrong size, or beside a ring record, and TooLarge for an oversized one.
Result<Received> unpack(const std::vector<ByteView>& parts, Side to);

/// Check a payload against the header that announces it; null stands for no payload part.
Status checkPayload(const Message& message, const ByteView* payload);

}  // namespace facewire
