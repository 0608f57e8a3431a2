#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "FacewireCore/MessageTypes.h"

/// Messages of the bridge protocol: one struct per type, members named as the keys of the wire.
///
/// SPEC holds the rule of each field; a member with an initializer other than zero, or noted as
/// "may be absent", has a default on the wire.
namespace facewire::messages {

/// The first message of a client; anything before it is refused.
struct Hello {
    static constexpr std::string_view kType = "hello";
    static constexpr Direction kDirection = Direction::ToDaemon;

    /// Protocol versions the client speaks, best first.
    std::vector<ProtocolVersion> versions;
    /// Name and version of the program, for logs and `status`.
    std::string client;
    /// Token of the daemon's handshake file; not needed under CURVE. May be absent.
    std::string token;
    /// Ways the client can move payloads: `ring` (the daemon's own machine only), `inline`.
    std::vector<std::string> transports = {"inline"};
    /// Process id of the client, for `status`; 0 when unknown.
    std::uint32_t pid = 0;
};

/// The answer to `hello`.
struct Welcome {
    static constexpr std::string_view kType = "welcome";
    static constexpr Direction kDirection = Direction::ToClient;

    /// Version spoken from here on: the highest common one.
    ProtocolVersion protocol;
    /// Random name of this session, for logs.
    std::string session;
    /// Daemon name and version.
    std::string daemon;
    /// Optional abilities, REGISTRY §features. May be absent.
    std::vector<std::string> features;
    /// Limits the client must keep, REGISTRY §limits.
    NamedIntegers limits;
    /// Absent: payloads go inline.
    std::optional<RingPair> rings;
    /// Models ready to open.
    std::vector<ModelEntry> models;
    /// Curve sets the daemon can answer in.
    std::vector<std::string> rigs;
    /// `sessions` and `streams` this daemon admits.
    NamedIntegers capacity;
};

/// Is the other side alive? Both ways; answered by `pong` at once.
struct Ping {
    static constexpr std::string_view kType = "ping";
    static constexpr Direction kDirection = Direction::BothWays;

    /// Returned in `pong`; below 2^53.
    std::uint64_t nonce = 0;
    /// Sender's monotonic clock, nanoseconds; returned in `pong`. May be absent.
    std::uint64_t sent_ns = 0;
};

/// The answer to `ping`.
struct Pong {
    static constexpr std::string_view kType = "pong";
    static constexpr Direction kDirection = Direction::BothWays;

    std::uint64_t nonce = 0;
    /// `sent_ns` of the ping. May be absent.
    std::uint64_t sent_ns = 0;
    /// Answerer's monotonic clock, nanoseconds. May be absent.
    std::uint64_t answered_ns = 0;
};

/// The sender leaves; nothing follows.
struct Bye {
    static constexpr std::string_view kType = "bye";
    static constexpr Direction kDirection = Direction::BothWays;

    /// REGISTRY §reasons. May be absent.
    std::string reason;
};

/// The daemon ends soon: running streams may finish, new ones are refused.
struct Draining {
    static constexpr std::string_view kType = "draining";
    static constexpr Direction kDirection = Direction::ToClient;

    /// Milliseconds until the daemon cuts what is left.
    std::uint32_t deadline_ms = 0;
};

/// A request was refused or a rule was broken.
struct Error {
    static constexpr std::string_view kType = "error";
    static constexpr Direction kDirection = Direction::ToClient;

    /// REGISTRY §errors; a later version may send one that errorCodeFromWireName() does not know.
    std::string code;
    /// One sentence for a person.
    std::string text;
    /// The stream it is about; 0: the session.
    std::uint32_t stream = 0;
    /// The header key it is about. May be absent.
    std::string field;
    /// True when the same request may succeed later.
    bool retry = false;
};

/// Something the user should know; the stream goes on.
struct Warning {
    static constexpr std::string_view kType = "warning";
    static constexpr Direction kDirection = Direction::ToClient;

    /// REGISTRY §warnings.
    std::string code;
    /// One sentence for a person.
    std::string text;
    /// The stream it is about; 0: the session.
    std::uint32_t stream = 0;
};

/// Which models can be opened?
struct ListModels {
    static constexpr std::string_view kType = "list_models";
    static constexpr Direction kDirection = Direction::ToDaemon;
};

/// The answer to `list_models`.
struct Models {
    static constexpr std::string_view kType = "models";
    static constexpr Direction kDirection = Direction::ToClient;

    std::vector<ModelEntry> models;
};

/// Ask for the daemon's figures (client), or answer with them (daemon).
struct Stats {
    static constexpr std::string_view kType = "stats";
    static constexpr Direction kDirection = Direction::BothWays;

    /// Empty in the question. May be absent.
    FigureTree stats;
};

/// Load a model and run it once, so that the first utterance has no hitch.
struct WarmUp {
    static constexpr std::string_view kType = "warm_up";
    static constexpr Direction kDirection = Direction::ToDaemon;

    /// Empty: the daemon's default. May be absent.
    std::string model;
};

/// The answer to `warm_up`.
struct WarmedUp {
    static constexpr std::string_view kType = "warmed_up";
    static constexpr Direction kDirection = Direction::ToClient;

    std::string model;
    /// Milliseconds it took; 0 when it was warm.
    double load_ms = 0;
};

}  // namespace facewire::messages
