#pragma once

#include <cstddef>
#include <cstdint>

namespace facewire {

// The limits of the wire, by the same names as in SPEC; a test compares each with the daemon's.

/// Version of the bridge protocol this library speaks.
inline constexpr std::uint32_t kProtocolMajor = 1;
inline constexpr std::uint32_t kProtocolMinor = 1;

/// One ZeroMQ message part; a larger one cuts the peer.
inline constexpr std::size_t kMaxPartBytes = 2 * 1024 * 1024;
/// One header part, checked before it is decoded.
inline constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
/// Nesting of arrays and maps in a header.
inline constexpr std::size_t kMaxDepth = 8;
/// Entries of one array or map.
inline constexpr std::size_t kMaxItems = 4096;
/// UTF-8 bytes of one string.
inline constexpr std::size_t kMaxStringBytes = 4096;
/// Values in a whole header, keys and containers counted.
inline constexpr std::size_t kMaxValues = 16'384;
/// Keys of one `emotion`.
inline constexpr std::size_t kMaxEmotionKeys = 512;

/// Audio of one message; the byte limit rules before the duration does.
inline constexpr std::size_t kMaxAudioBytes = 1024 * 1024;
/// Seconds of audio of one message.
inline constexpr std::uint32_t kMaxAudioS = 10;
inline constexpr std::uint32_t kMinSampleRateHz = 8'000;
inline constexpr std::uint32_t kMaxSampleRateHz = 192'000;
inline constexpr std::uint32_t kMaxChannels = 2;
/// Frames per second of a stream; the smallest is 1.
inline constexpr std::uint32_t kMaxFps = 240;
inline constexpr std::size_t kMaxFramesPerMessage = 1024;
/// Curves of one frame.
inline constexpr std::size_t kMaxCurves = 1024;
/// Numbers of one frame's skin or tongue; a whole frame must fit in a part.
inline constexpr std::size_t kMaxGeometryFloats = 512 * 1024;

/// Seconds of audio a client may be ahead of what the daemon has consumed.
inline constexpr std::uint32_t kCreditS = 10;
/// Frames a client grants ahead by default.
inline constexpr std::uint64_t kCreditFrames = 1200;
/// Frames with geometry a client grants ahead by default.
inline constexpr std::uint64_t kCreditGeometryFrames = 60;
/// One byte ring; a session has one each way.
inline constexpr std::size_t kRingBytes = 4 * 1024 * 1024;
/// All rings of a daemon together, so also the most one can have.
inline constexpr std::size_t kMaxRingsBytes = 256 * 1024 * 1024;

inline constexpr std::size_t kMaxStreamsPerSession = 64;
/// Interval of our own pings, and how long a silent daemon is believed to be alive, milliseconds.
inline constexpr std::uint32_t kPingIntervalMs = 400;
inline constexpr std::uint32_t kSilentDaemonMs = 1'500;
inline constexpr std::uint32_t kHeartbeatIntervalMs = 300;
inline constexpr std::uint32_t kHeartbeatTimeoutMs = 900;
/// Longest path of a Unix socket, bytes.
inline constexpr std::size_t kIpcPathBytes = 107;

}  // namespace facewire
