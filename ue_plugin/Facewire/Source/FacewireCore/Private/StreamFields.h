#pragma once

#include "FacewireCore/StreamMessages.h"
#include "FieldTable.h"

namespace facewire::rules {

template <>
struct Fields<messages::OpenStream> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        using M = messages::OpenStream;
        field.needed("stream", &M::stream, kStreamId);
        field.defaulted("generation", &M::generation, kAnyU32);
        field.needed("sample_rate_hz", &M::sample_rate_hz,
                     Integer{kMinSampleRateHz, kMaxSampleRateHz});
        field.defaulted("channels", &M::channels, Integer{1, kMaxChannels});
        field.defaulted("encoding", &M::encoding, Choice{});
        field.defaulted("model", &M::model, String{64});
        field.defaulted("identity", &M::identity, String{64});
        field.defaulted("rig", &M::rig, String{64});
        field.defaulted("fps", &M::fps, kRate);
        field.defaulted("mode", &M::mode, Choice{});
        field.defaulted("parameters", &M::parameters, kNumbers);
        field.defaulted("emotion", &M::emotion, Named<Number>{{0.0, 1.0}});
        field.defaulted("seed", &M::seed, kAnyU32);
        field.defaulted("start_sample", &M::start_sample, kAnyU53);
        field.defaulted("first_frame", &M::first_frame, kAnyU53);
        field.defaulted("credit_frames", &M::credit_frames, Integer{1, kU53});
        field.defaulted("mouth_close", &M::mouth_close, Choice{});
        field.defaulted("ledger", &M::ledger, Boolean{});
        field.defaulted("automatic_emotion", &M::automatic_emotion, Boolean{});
        field.defaulted("emotion_window_samples", &M::emotion_window_samples, kAnyU32);
        field.defaulted("outputs", &M::outputs, names(16));
    }
};

template <>
struct Fields<messages::StreamOpened> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        using M = messages::StreamOpened;
        field.needed("stream", &M::stream, kStreamId);
        field.needed("generation", &M::generation, kAnyU32);
        field.needed("curves", &M::curves, names(kMaxCurves));
        field.needed("fps", &M::fps, kRate);
        field.needed("look_ahead_samples", &M::look_ahead_samples, kAnyU32);
        field.needed("burst_frames", &M::burst_frames, Integer{1, kU32});
        field.needed("mouth_close", &M::mouth_close, Choice{});
        field.needed("credit_samples", &M::credit_samples, kAnyU53);
        field.needed("model", &M::model, String{64});
        field.defaulted("identity", &M::identity, String{64});
        field.needed("rig", &M::rig, String{64});
        field.defaulted("emotion_model", &M::emotion_model, String{64});
        field.defaulted("emotion_window_samples", &M::emotion_window_samples, kAnyU32);
        field.defaulted("outputs", &M::outputs, names(16));
        field.defaulted("geometry", &M::geometry, kGeometry);
    }
};

template <>
struct Fields<messages::Audio> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        using M = messages::Audio;
        field.needed("stream", &M::stream, kStreamId);
        field.needed("generation", &M::generation, kAnyU32);
        field.needed("samples", &M::samples, Integer{1, kU32});
        field.optional("offset", &M::offset, kAnyU53);
        field.optional("length_bytes", &M::length_bytes, Integer{1, kMaxAudioBytes});
    }
};

template <>
struct Fields<messages::Emotion> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("stream", &messages::Emotion::stream, kStreamId);
        field.needed("generation", &messages::Emotion::generation, kAnyU32);
        field.needed("keys", &messages::Emotion::keys, EmotionKeys{});
    }
};

template <>
struct Fields<messages::SetParameters> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("stream", &messages::SetParameters::stream, kStreamId);
        field.needed("parameters", &messages::SetParameters::parameters, kNumbers);
    }
};

template <>
struct Fields<messages::EndAudio> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("stream", &messages::EndAudio::stream, kStreamId);
        field.needed("generation", &messages::EndAudio::generation, kAnyU32);
    }
};

template <>
struct Fields<messages::Interrupt> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        using M = messages::Interrupt;
        field.needed("stream", &M::stream, kStreamId);
        field.needed("generation", &M::generation, Integer{1, kU32});
        field.defaulted("credit_frames", &M::credit_frames, Integer{1, kU53});
    }
};

template <>
struct Fields<messages::Interrupted> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        using M = messages::Interrupted;
        field.needed("stream", &M::stream, kStreamId);
        field.needed("generation", &M::generation, Integer{1, kU32});
        field.needed("credit_samples", &M::credit_samples, kAnyU53);
    }
};

template <>
struct Fields<messages::Credit> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        using M = messages::Credit;
        field.defaulted("stream", &M::stream, kAnyU32);
        field.defaulted("generation", &M::generation, kAnyU32);
        field.optional("samples", &M::samples, kAnyU53);
        field.optional("frames", &M::frames, kAnyU53);
        field.optional("released", &M::released, kAnyU53);
    }
};

template <>
struct Fields<messages::Frames> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        using M = messages::Frames;
        field.needed("stream", &M::stream, kStreamId);
        field.needed("generation", &M::generation, kAnyU32);
        field.needed("first", &M::first, kAnyU53);
        field.needed("count", &M::count, Integer{1, kMaxFramesPerMessage});
        field.needed("curves", &M::curves, Integer{1, kMaxCurves});
        field.needed("timestamps", &M::timestamps, Integers{kU53, kMaxFramesPerMessage});
        field.defaulted("eyes", &M::eyes, Boolean{});
        field.defaulted("emotion", &M::emotion, Boolean{});
        field.defaulted("jaw", &M::jaw, Boolean{});
        field.defaulted("geometry", &M::geometry, kGeometry);
        field.optional("offset", &M::offset, kAnyU53);
        field.optional("length_bytes", &M::length_bytes, Integer{1, kMaxPartBytes});
        field.defaulted("flags", &M::flags, names(16));
        field.optional("ledger", &M::ledger, Integers{kI63, 8});
    }
};

template <>
struct Fields<messages::StreamEnded> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        using M = messages::StreamEnded;
        field.needed("stream", &M::stream, kStreamId);
        field.needed("generation", &M::generation, kAnyU32);
        field.needed("frames", &M::frames, kAnyU53);
        field.defaulted("dropped", &M::dropped, kAnyU53);
        field.needed("real_time_factor", &M::real_time_factor, Number{0.0, 1e9});
        field.defaulted("latency_ms", &M::latency_ms, kNumbers);
    }
};

template <>
struct Fields<messages::CloseStream> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("stream", &messages::CloseStream::stream, kStreamId);
    }
};

template <>
struct Fields<messages::StreamClosed> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("stream", &messages::StreamClosed::stream, kStreamId);
    }
};

}  // namespace facewire::rules
