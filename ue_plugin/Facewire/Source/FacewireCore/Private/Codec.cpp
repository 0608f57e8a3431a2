#include "FacewireCore/Codec.h"

#include <array>
#include <utility>

#include "FieldVisitors.h"
#include "MessageChecks.h"
#include "SessionFields.h"
#include "StreamFields.h"

namespace facewire {

namespace {

template <typename Content>
Result<Message> readMessage(const rules::KeyIndex& keys) {
    Content content;
    rules::FieldReader<Content> reader(keys, content);
    rules::Fields<Content>::visit(reader);
    if (Status fields = reader.take(); !fields) return std::move(fields).error();
    if (Status together = rules::checkTogether(content); !together) {
        return std::move(together).error();
    }
    return Message(std::move(content));
}

/// What decode() must know of a message type.
struct MessageKind {
    std::string_view type;
    Direction direction;
    Result<Message> (*read)(const rules::KeyIndex& keys);
};

template <std::size_t... Index>
constexpr std::array<MessageKind, sizeof...(Index)> allKinds(std::index_sequence<Index...>) {
    return {{{std::variant_alternative_t<Index, Message>::kType,
              std::variant_alternative_t<Index, Message>::kDirection,
              &readMessage<std::variant_alternative_t<Index, Message>>}...}};
}

constexpr auto kMessageKinds = allKinds(std::make_index_sequence<std::variant_size_v<Message>>());

constexpr bool goesTo(Direction direction, Side to) {
    return direction == Direction::BothWays ||
           (direction == Direction::ToDaemon) == (to == Side::Daemon);
}

const MessageKind* findKind(std::string_view type, Side to) {
    for (const MessageKind& kind : kMessageKinds) {
        if (kind.type == type && goesTo(kind.direction, to)) return &kind;
    }
    return nullptr;
}

Error versionRefused(const ProtocolVersion& theirs) {
    const ProtocolVersion ours;
    return Error{ErrorCode::VersionRefused,
                 "This side speaks protocol " + std::to_string(ours.majorNumber) + "." +
                     std::to_string(ours.minorNumber) + ", the other " +
                     std::to_string(theirs.majorNumber) + "." + std::to_string(theirs.minorNumber) +
                     ".",
                 "version"};
}

/// The keys before the fields.
struct CommonKeys {
    std::string type;
    ProtocolVersion version;
    std::uint64_t sequence = 0;

    template <typename Visitor>
    static void visitTypeAndVersion(Visitor& field) {
        field.needed("type", &CommonKeys::type, rules::String{64});
        field.needed("version", &CommonKeys::version, rules::kAnyVersion);
    }

    template <typename Visitor>
    static void visitSequence(Visitor& field) {
        field.needed("sequence", &CommonKeys::sequence, rules::kAnyU53);
    }
};

}  // namespace

Result<Envelope> decode(ByteView header, Side to) {
    const Result<MsgPackValue> map = readMsgPack(header);
    if (!map) return map.error();
    const rules::KeyIndex keys(map.value());
    CommonKeys common;
    rules::FieldReader<CommonKeys> reader(keys, common);
    CommonKeys::visitTypeAndVersion(reader);
    if (Status read = reader.take(); !read) return std::move(read).error();
    if (common.version.majorNumber != kProtocolMajor) return versionRefused(common.version);
    const MessageKind* const kind = findKind(common.type, to);
    if (kind == nullptr) {
        return Error{ErrorCode::Unsupported, "This side takes no `" + common.type + "`.", "type"};
    }
    CommonKeys::visitSequence(reader);
    if (Status read = reader.take(); !read) return std::move(read).error();
    Result<Message> message = kind->read(keys);
    if (!message) return std::move(message).error();
    return Envelope{std::move(message).value(), common.sequence, common.version};
}

Result<std::vector<std::uint8_t>> encode(const Message& message, std::uint64_t sequence,
                                         ProtocolVersion version) {
    const CommonKeys common{std::string(wireType(message)), version, sequence};
    rules::FieldWriter<CommonKeys> head(common);
    CommonKeys::visitTypeAndVersion(head);
    CommonKeys::visitSequence(head);
    MsgPackWriter writer;
    std::visit(
        [&](const auto& content) {
            using Content = std::decay_t<decltype(content)>;
            rules::FieldWriter<Content> fields(content);
            rules::Fields<Content>::visit(fields);
            writer.mapHead(head.count() + fields.count());
            writer.encoded(head.bytes());
            writer.encoded(fields.bytes());
        },
        message);
    // The receiver's rules are the sender's: one set of them, so that they cannot differ.
    const Direction direction = kMessageKinds[message.index()].direction;
    const Side to = goesTo(direction, Side::Daemon) ? Side::Daemon : Side::Client;
    if (const Result<Envelope> readBack = decode(writer.bytes(), to); !readBack) {
        return readBack.error();
    }
    return writer.take();
}

std::string_view wireType(const Message& message) noexcept {
    return kMessageKinds[message.index()].type;
}

Result<Received> unpack(const std::vector<ByteView>& parts, Side to) {
    if (parts.empty() || parts.size() > 2) {
        return Error{ErrorCode::Malformed,
                     "A message has 1 or 2 parts, not " + std::to_string(parts.size()) + ".", ""};
    }
    const ByteView* const payload = parts.size() == 2 ? &parts[1] : nullptr;
    if (payload != nullptr && payload->size() > kMaxPartBytes) {
        return rules::tooLarge("payload", payload->size(), kMaxPartBytes);
    }
    Result<Envelope> envelope = decode(parts[0], to);
    if (!envelope) return std::move(envelope).error();
    if (Status part = checkPayload(envelope.value().message, payload); !part) {
        return std::move(part).error();
    }
    Received received{std::move(envelope).value(), ByteView(), payload != nullptr};
    if (payload != nullptr) received.payload = *payload;
    return received;
}

}  // namespace facewire
