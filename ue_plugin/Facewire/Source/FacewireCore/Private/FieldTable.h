#pragma once

#include "FieldRules.h"

/// The wire as a table: each message lists its keys, members and rules in the order of SPEC.
///
/// A visitor has `needed(key, member, rule)` for keys that must be on the wire, `defaulted` for
/// those left out when they hold the member's default, and `optional` for std::optional members.
/// Decoder, encoder and the tests' printer are visitors, so a field is described once.
namespace facewire::rules {

template <typename Record>
struct Fields;

/// Map with fixed keys; unknown ones are passed over.
template <typename Content>
struct Record {
    Status read(const MsgPackValue& value, std::string_view name, Content& out) const;
    void write(MsgPackWriter& writer, const Content& content) const;
};

inline constexpr Integer kStreamId{1, kU32};
inline constexpr Integer kAnyU32{0, kU32};
inline constexpr Integer kAnyU53{0, kU53};
inline constexpr Integer kNanoseconds{0, kI63};
inline constexpr Pair kAnyVersion{0, kU32};
inline constexpr Pair kRate{1, 1'000'000};
inline constexpr Pair kGeometry{0, kMaxGeometryFloats};
inline constexpr Named<Number> kNumbers{};
inline constexpr Named<Integer> kIntegers{{0, kU53}};
inline constexpr List<Record<ModelEntry>> kModels{{}, 0, kMaxNames};

constexpr List<String> names(std::size_t maxItems = kMaxNames) {
    return {{kNameBytes}, 0, maxItems};
}

template <>
struct Fields<RingPlace> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("path", &RingPlace::path, String{});
        field.needed("size_bytes", &RingPlace::size_bytes, Integer{1, kMaxRingsBytes});
    }
};

template <>
struct Fields<RingPair> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("to_daemon", &RingPair::to_daemon, Record<RingPlace>{});
        field.needed("to_client", &RingPair::to_client, Record<RingPlace>{});
    }
};

template <>
struct Fields<ModelEntry> {
    template <typename Visitor>
    static void visit(Visitor& field) {
        field.needed("name", &ModelEntry::name, String{64});
        field.needed("family", &ModelEntry::family, String{64});
        field.needed("identities", &ModelEntry::identities, List<String>{{64}, 0, kMaxNames});
        field.needed("look_ahead_samples", &ModelEntry::look_ahead_samples, kAnyU32);
        field.defaulted("emotion", &ModelEntry::emotion, String{64});
        field.defaulted("provider", &ModelEntry::provider, String{64});
        field.defaulted("variant", &ModelEntry::variant, String{64});
    }
};

}  // namespace facewire::rules
