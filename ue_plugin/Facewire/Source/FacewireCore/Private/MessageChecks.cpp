#include "MessageChecks.h"

#include "FieldRules.h"

namespace facewire {

namespace rules {

namespace {

Error wrongPayload(std::string_view type, std::uint64_t sizeBytes) {
    return Error{ErrorCode::Malformed,
                 "A payload of " + std::to_string(sizeBytes) +
                     " bytes does not fit the fields of `" + std::string(type) + "`.",
                 "length_bytes"};
}

/// Two or four bytes a sample, one or two channels: the stream knows which.
Status checkPayloadBytes(const messages::Audio& message, std::uint64_t sizeBytes) {
    const std::uint64_t samples = message.samples;
    if (sizeBytes == samples * 2 || sizeBytes == samples * 4 || sizeBytes == samples * 8) {
        return Status();
    }
    return wrongPayload(messages::Audio::kType, sizeBytes);
}

Status checkPayloadBytes(const messages::Frames& message, std::uint64_t sizeBytes) {
    if (sizeBytes == message.payloadBytes()) return Status();
    return wrongPayload(messages::Frames::kType, sizeBytes);
}

template <typename WithPayload>
Status checkPlace(const WithPayload& message) {
    if (message.offset.has_value() != message.length_bytes.has_value()) {
        return Error{ErrorCode::Malformed, "`offset` and `length_bytes` come together.", "offset"};
    }
    if (!message.length_bytes) return Status();
    return checkPayloadBytes(message, *message.length_bytes);
}

template <typename WithPayload>
Status checkPart(const WithPayload& message, const ByteView* payload, std::size_t limitBytes) {
    const bool inRing = message.offset.has_value();
    if (inRing == (payload != nullptr)) {
        return Error{ErrorCode::Malformed,
                     "The payload of `" + std::string(WithPayload::kType) + "` is " +
                         (inRing ? "both inline and in the ring." : "missing."),
                     ""};
    }
    if (payload == nullptr) return Status();
    if (payload->size() > limitBytes) return tooLarge("payload", payload->size(), limitBytes);
    return checkPayloadBytes(message, payload->size());
}

}  // namespace

Status checkTogether(const messages::OpenStream& message) {
    const std::uint64_t numerator = message.fps.numerator;
    const std::uint64_t denominator = message.fps.denominator;
    if (denominator <= numerator && numerator <= kMaxFps * denominator) return Status();
    return outOfRange("fps", "1 to " + std::to_string(kMaxFps) + " frames per second");
}

Status checkTogether(const messages::Audio& message) {
    return checkPlace(message);
}

Status checkTogether(const messages::Frames& message) {
    if (message.timestamps.size() != message.count) {
        return wrongType("timestamps", "a list of `count` entries");
    }
    return checkPlace(message);
}

}  // namespace rules

Status checkPayload(const Message& message, const ByteView* payload) {
    if (const auto* audio = std::get_if<messages::Audio>(&message)) {
        return rules::checkPart(*audio, payload, kMaxAudioBytes);
    }
    if (const auto* frames = std::get_if<messages::Frames>(&message)) {
        return rules::checkPart(*frames, payload, kMaxPartBytes);
    }
    if (payload == nullptr) return Status();
    return Error{ErrorCode::Malformed, "`" + std::string(wireType(message)) + "` has no payload.",
                 ""};
}

}  // namespace facewire
