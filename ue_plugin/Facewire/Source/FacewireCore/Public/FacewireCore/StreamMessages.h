#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "FacewireCore/MessageTypes.h"

namespace facewire::messages {

/// Open one voice. The client picks the id; generation starts at the number it gives.
struct OpenStream {
    static constexpr std::string_view kType = "open_stream";
    static constexpr Direction kDirection = Direction::ToDaemon;

    /// Id of the stream, free in this session, from 1.
    std::uint32_t stream = 0;
    /// First generation; a client that resumes gives one it has not used.
    std::uint32_t generation = 0;
    /// In [kMinSampleRateHz, kMaxSampleRateHz].
    std::uint32_t sample_rate_hz = 0;
    std::uint32_t channels = 1;
    AudioEncoding encoding = AudioEncoding::Int16;
    /// Empty: the daemon's default.
    std::string model;
    /// A face inside the bundle, in capitals or not; empty: its first.
    std::string identity;
    /// Curve set to answer in; empty: `a2f` (52 ARKit, 16 tongue, 3 head).
    std::string rig;
    /// Between 1 and kMaxFps frames per second.
    FrameRate fps;
    StreamMode mode = StreamMode::Burst;
    /// REGISTRY §parameters.
    NamedNumbers parameters;
    /// Constant emotion by name in [0, 1]; `emotion` messages replace it over time.
    NamedNumbers emotion;
    /// Seed of blinks, gaze and brow accents: same seed, same motion.
    std::uint32_t seed = 0;
    /// Index, at the source rate, of the first sample that will be sent (resume).
    std::uint64_t start_sample = 0;
    /// Index of the first frame wanted (resume); earlier frames are not sent.
    std::uint64_t first_frame = 0;
    /// Frames with an index below this may be sent before the client grants more.
    std::uint64_t credit_frames = kCreditFrames;
    MouthClose mouth_close = MouthClose::Arkit;
    /// True: each `frames` carries its latency ledger.
    bool ledger = false;
    /// True: hear the emotion in the voice; `emotion` and its keys are then preferred ones.
    bool automatic_emotion = false;
    /// Audio one emotion inference hears, 16 kHz samples; 0: as fits the model and `mode`.
    std::uint32_t emotion_window_samples = 0;
    /// What frames carry beside curves and eyes: `emotion`, `jaw`, `geometry`. May be absent.
    std::vector<std::string> outputs;
};

/// The stream is ready for audio.
struct StreamOpened {
    static constexpr std::string_view kType = "stream_opened";
    static constexpr Direction kDirection = Direction::ToClient;

    std::uint32_t stream = 0;
    std::uint32_t generation = 0;
    /// Curve names in payload order, said once.
    std::vector<std::string> curves;
    FrameRate fps;
    /// Future audio a frame needs, in 16 kHz samples.
    std::uint32_t look_ahead_samples = 0;
    /// Most frames one window gives at once.
    std::uint32_t burst_frames = 0;
    MouthClose mouth_close = MouthClose::Arkit;
    /// Samples (source rate) with an index below this may be sent.
    std::uint64_t credit_samples = 0;
    std::string model;
    /// May be absent.
    std::string identity;
    std::string rig;
    /// What hears the emotion. May be absent.
    std::string emotion_model;
    /// Audio one emotion inference hears, 16 kHz samples. May be absent.
    std::uint32_t emotion_window_samples = 0;
    /// What frames carry beside curves and eyes. May be absent.
    std::vector<std::string> outputs;
    /// Numbers per frame of skin and tongue. May be absent.
    GeometrySize geometry;
};

/// A chunk of audio: inline as the payload part, or in the ring (`offset`, `length_bytes`).
struct Audio {
    static constexpr std::string_view kType = "audio";
    static constexpr Direction kDirection = Direction::ToDaemon;

    std::uint32_t stream = 0;
    std::uint32_t generation = 0;
    /// Sample frames in the chunk (a stereo pair counts once).
    std::uint32_t samples = 0;
    /// Byte offset of the record in the ring; absent: inline.
    std::optional<std::uint64_t> offset;
    /// Payload bytes of the ring record; absent: inline.
    std::optional<std::uint64_t> length_bytes;
};

/// Time-coded emotion keys, linearly interpolated; times strictly increase over the stream.
struct Emotion {
    static constexpr std::string_view kType = "emotion";
    static constexpr Direction kDirection = Direction::ToDaemon;

    std::uint32_t stream = 0;
    std::uint32_t generation = 0;
    /// 1 to kMaxEmotionKeys.
    std::vector<EmotionKey> keys;
};

/// Change parameters of a running stream, from the next window on.
struct SetParameters {
    static constexpr std::string_view kType = "set_parameters";
    static constexpr Direction kDirection = Direction::ToDaemon;

    std::uint32_t stream = 0;
    NamedNumbers parameters;
};

/// No more audio in this generation: the tail is flushed, `stream_ended` follows.
struct EndAudio {
    static constexpr std::string_view kType = "end_audio";
    static constexpr Direction kDirection = Direction::ToDaemon;

    std::uint32_t stream = 0;
    std::uint32_t generation = 0;
};

/// Drop everything of the older generations and start a new utterance at time zero.
struct Interrupt {
    static constexpr std::string_view kType = "interrupt";
    static constexpr Direction kDirection = Direction::ToDaemon;

    std::uint32_t stream = 0;
    /// The new generation, greater than the last.
    std::uint32_t generation = 0;
    /// Frame credit of the new generation.
    std::uint64_t credit_frames = kCreditFrames;
};

/// The new generation is in force; no frame of an older one follows.
struct Interrupted {
    static constexpr std::string_view kType = "interrupted";
    static constexpr Direction kDirection = Direction::ToClient;

    std::uint32_t stream = 0;
    std::uint32_t generation = 0;
    std::uint64_t credit_samples = 0;
};

/// What the other side may still send; absolute, so that a repeated one is harmless.
struct Credit {
    static constexpr std::string_view kType = "credit";
    static constexpr Direction kDirection = Direction::BothWays;

    /// 0 when only ring records are released.
    std::uint32_t stream = 0;
    std::uint32_t generation = 0;
    /// Daemon to client: samples with an index below this may be sent.
    std::optional<std::uint64_t> samples;
    /// Client to daemon: frames with an index below this may be sent.
    std::optional<std::uint64_t> frames;
    /// All ring records up to this sequence number may be overwritten.
    std::optional<std::uint64_t> released;
};

/// A burst of frames: float32[count, curves], and behind them whatever else is said below.
struct Frames {
    static constexpr std::string_view kType = "frames";
    static constexpr Direction kDirection = Direction::ToClient;

    std::uint32_t stream = 0;
    std::uint32_t generation = 0;
    /// Index of the first frame; the others follow without a gap unless `flags` has `dropped`.
    std::uint64_t first = 0;
    std::uint32_t count = 0;
    /// Curves per frame, as announced.
    std::uint32_t curves = 0;
    /// Audio instant of each frame, in 16 kHz samples since the start of the utterance.
    std::vector<std::uint64_t> timestamps;
    /// True: eye rotations follow the curves, right x, right y, left x, left y in degrees.
    bool eyes = false;
    /// True: then the ten emotions that the face was told to feel. May be absent.
    bool emotion = false;
    /// True: then the jaw's 4 x 4 matrix, row by row. May be absent.
    bool jaw = false;
    /// Numbers per frame of the skin, which follows then, and of the tongue. May be absent.
    GeometrySize geometry;
    /// Byte offset of the record in the ring; absent: inline.
    std::optional<std::uint64_t> offset;
    /// Payload bytes of the ring record; absent: inline.
    std::optional<std::uint64_t> length_bytes;
    /// REGISTRY §flags. May be absent.
    std::vector<std::string> flags;
    /// Monotonic ns: window complete, inference start, inference end, frames ready, sent.
    std::optional<std::vector<std::uint64_t>> ledger;

    /// Bytes the payload must have.
    std::uint64_t payloadBytes() const noexcept {
        const std::uint64_t sides = (eyes ? 4U : 0U) + (emotion ? 10U : 0U) + (jaw ? 16U : 0U);
        const std::uint64_t vertices = std::uint64_t{geometry.skin} + geometry.tongue;
        return std::uint64_t{count} * 4 * (curves + sides + vertices);
    }
};

/// All frames of this generation were sent.
struct StreamEnded {
    static constexpr std::string_view kType = "stream_ended";
    static constexpr Direction kDirection = Direction::ToClient;

    std::uint32_t stream = 0;
    std::uint32_t generation = 0;
    /// Frames the utterance has: ceil(samples * fps / rate).
    std::uint64_t frames = 0;
    /// Frames of it that were dropped by age (StreamMode::Live). May be absent.
    std::uint64_t dropped = 0;
    /// Compute time divided by audio time.
    double real_time_factor = 0;
    /// `p50`, `p90`, `p99` from window complete to sent, milliseconds. May be absent.
    NamedNumbers latency_ms;
};

/// Forget the stream at once; its id is free after `stream_closed`.
struct CloseStream {
    static constexpr std::string_view kType = "close_stream";
    static constexpr Direction kDirection = Direction::ToDaemon;

    std::uint32_t stream = 0;
};

/// The stream is gone.
struct StreamClosed {
    static constexpr std::string_view kType = "stream_closed";
    static constexpr Direction kDirection = Direction::ToClient;

    std::uint32_t stream = 0;
};

}  // namespace facewire::messages
