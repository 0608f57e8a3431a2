#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "FacewireCore/Limits.h"
#include "FacewireCore/MsgPackReader.h"

namespace facewire {

/// Who receives a message.
enum class Side : std::uint8_t { Daemon, Client };

/// Which way a message may go.
enum class Direction : std::uint8_t { ToDaemon, ToClient, BothWays };

/// How audio samples lie in a payload, little-endian and interleaved.
enum class AudioEncoding : std::uint8_t { Int16, Float32 };

/// Burst: frames as fast as they can be made. Live: late frames may be dropped, counted.
enum class StreamMode : std::uint8_t { Burst, Live };

/// Arkit: mouthClose is relative to an open jaw. Raw: as the model has it.
enum class MouthClose : std::uint8_t { Arkit, Raw };

/// A version of the bridge protocol.
struct ProtocolVersion {
    std::uint32_t majorNumber = kProtocolMajor;
    std::uint32_t minorNumber = kProtocolMinor;

    friend bool operator==(const ProtocolVersion& left, const ProtocolVersion& right) noexcept {
        return left.majorNumber == right.majorNumber && left.minorNumber == right.minorNumber;
    }
};

/// Frames per second as an exact ratio.
struct FrameRate {
    std::uint32_t numerator = 60;
    std::uint32_t denominator = 1;

    friend bool operator==(const FrameRate& left, const FrameRate& right) noexcept {
        return left.numerator == right.numerator && left.denominator == right.denominator;
    }
};

/// Numbers per frame of a face's vertices, three each.
struct GeometrySize {
    std::uint32_t skin = 0;
    std::uint32_t tongue = 0;

    friend bool operator==(const GeometrySize& left, const GeometrySize& right) noexcept {
        return left.skin == right.skin && left.tongue == right.tongue;
    }
};

/// Names with finite numbers, in the order of the wire.
using NamedNumbers = std::vector<std::pair<std::string, double>>;

/// Names with whole numbers in [0, 2^53), in the order of the wire.
using NamedIntegers = std::vector<std::pair<std::string, std::uint64_t>>;

/// Where one shared-memory ring lies.
struct RingPlace {
    std::string path;
    std::uint64_t size_bytes = 0;
};

/// The two rings of a local session.
struct RingPair {
    RingPlace to_daemon;
    RingPlace to_client;
};

/// A model that can be opened.
struct ModelEntry {
    std::string name;
    std::string family;
    /// Faces inside the bundle.
    std::vector<std::string> identities;
    /// Future audio a frame needs, in 16 kHz samples.
    std::uint32_t look_ahead_samples = 0;
    /// What hears emotions for it; may be absent.
    std::string emotion;
    /// What it runs on; may be absent.
    std::string provider;
    /// Which network of the bundle runs; may be absent.
    std::string variant;
};

/// The ten emotions of an A2F emotion vector at one instant.
struct EmotionKey {
    /// 16 kHz samples since the start of the utterance.
    std::uint64_t time = 0;
    /// In [0, 1], in the order of REGISTRY.
    std::array<double, 10> weights{};
};

/// A free map of figures, kept encoded in shortest formats; walk it from root().
class FigureTree {
public:
    /// An empty map.
    FigureTree() = default;

    /// Check and copy one encoded map.
    static Result<FigureTree> fromMsgPack(ByteView map);

    /// The map; valid until this object changes or goes.
    MsgPackValue root() const noexcept;

    /// The map as it is encoded; empty bytes stand for an empty map.
    ByteView encoded() const noexcept { return _encoded; }

    friend bool operator==(const FigureTree& left, const FigureTree& right) noexcept {
        return left._encoded == right._encoded;
    }

private:
    std::vector<std::uint8_t> _encoded;
};

}  // namespace facewire
