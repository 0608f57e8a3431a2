#pragma once

#include "FacewireCore/SessionMessages.h"
#include "FieldTable.h"

namespace facewire::rules {

template <>
struct Fields<messages::Hello> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        using M = messages::Hello;
        field.needed("versions", &M::versions, List<Pair>{kAnyVersion, 1, 16});
        field.needed("client", &M::client, String{128});
        field.defaulted("token", &M::token, String{128});
        field.defaulted("transports", &M::transports, names());
        field.defaulted("pid", &M::pid, kAnyU32);
    }
};

template <>
struct Fields<messages::Welcome> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        using M = messages::Welcome;
        field.needed("protocol", &M::protocol, kAnyVersion);
        field.needed("session", &M::session, String{64});
        field.needed("daemon", &M::daemon, String{128});
        field.defaulted("features", &M::features, names(64));
        field.needed("limits", &M::limits, kIntegers);
        field.optional("rings", &M::rings, Record<RingPair>{});
        field.needed("models", &M::models, kModels);
        field.needed("rigs", &M::rigs, names());
        field.needed("capacity", &M::capacity, kIntegers);
    }
};

template <>
struct Fields<messages::Ping> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("nonce", &messages::Ping::nonce, kAnyU53);
        field.defaulted("sent_ns", &messages::Ping::sent_ns, kNanoseconds);
    }
};

template <>
struct Fields<messages::Pong> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("nonce", &messages::Pong::nonce, kAnyU53);
        field.defaulted("sent_ns", &messages::Pong::sent_ns, kNanoseconds);
        field.defaulted("answered_ns", &messages::Pong::answered_ns, kNanoseconds);
    }
};

template <>
struct Fields<messages::Bye> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.defaulted("reason", &messages::Bye::reason, String{64});
    }
};

template <>
struct Fields<messages::Draining> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("deadline_ms", &messages::Draining::deadline_ms, kAnyU32);
    }
};

template <>
struct Fields<messages::Error> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        using M = messages::Error;
        field.needed("code", &M::code, String{64});
        field.needed("text", &M::text, String{});
        field.defaulted("stream", &M::stream, kAnyU32);
        field.defaulted("field", &M::field, String{128});
        field.defaulted("retry", &M::retry, Boolean{});
    }
};

template <>
struct Fields<messages::Warning> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("code", &messages::Warning::code, String{64});
        field.needed("text", &messages::Warning::text, String{});
        field.defaulted("stream", &messages::Warning::stream, kAnyU32);
    }
};

template <>
struct Fields<messages::ListModels> {
    template <typename Visitor>
    static void visit(Visitor&) {}
};

template <>
struct Fields<messages::Models> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("models", &messages::Models::models, kModels);
    }
};

template <>
struct Fields<messages::Stats> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.defaulted("stats", &messages::Stats::stats, Tree{});
    }
};

template <>
struct Fields<messages::WarmUp> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.defaulted("model", &messages::WarmUp::model, String{64});
    }
};

template <>
struct Fields<messages::WarmedUp> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("model", &messages::WarmedUp::model, String{64});
        field.needed("load_ms", &messages::WarmedUp::load_ms, Number{0.0, 1e9});
    }
};

}  // namespace facewire::rules
