#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "FieldTable.h"

namespace facewire::rules {

/// The entries of one checked map, found by key.
class KeyIndex {
public:
    explicit KeyIndex(const MsgPackValue& map) {
        _entries.reserve(map.size());
        auto cursor = map.entries();
        std::string_view key;
        for (MsgPackValue value; cursor.next(key, value);)
            _entries.emplace_back(key, value);
    }

    /// The value of `key`, or null.
    const MsgPackValue* find(std::string_view key) const noexcept {
        const auto found = std::find_if(_entries.begin(), _entries.end(),
                                        [key](const auto& entry) { return entry.first == key; });
        return found == _entries.end() ? nullptr : &found->second;
    }

private:
    std::vector<std::pair<std::string_view, MsgPackValue>> _entries;
};

/// Visitor that fills a struct from a map and stops at the first refusal.
template <typename Content>
class FieldReader {
public:
    /// `owner` names the field in errors when the map is the value of one; else keys name
    /// themselves.
    FieldReader(const KeyIndex& keys, Content& content, std::string_view owner = {})
        : _keys(keys), _content(content), _owner(owner) {}

    template <typename Member, typename Rule>
    void needed(std::string_view key, Member Content::* member, const Rule& rule) {
        if (_status && _keys.find(key) == nullptr) _status = missing(key);
        defaulted(key, member, rule);
    }

    template <typename Member, typename Rule>
    void defaulted(std::string_view key, Member Content::* member, const Rule& rule) {
        const MsgPackValue* const value = _status ? _keys.find(key) : nullptr;
        if (value != nullptr) _status = rule.read(*value, nameOf(key), _content.*member);
    }

    template <typename Member, typename Rule>
    void optional(std::string_view key, std::optional<Member> Content::* member, const Rule& rule) {
        const MsgPackValue* const value = _status ? _keys.find(key) : nullptr;
        if (value != nullptr) {
            _status = rule.read(*value, nameOf(key), (_content.*member).emplace());
        }
    }

    Status take() { return std::move(_status); }

private:
    std::string_view nameOf(std::string_view key) const { return _owner.empty() ? key : _owner; }

    const KeyIndex& _keys;
    Content& _content;
    std::string_view _owner;
    Status _status;
};

/// Visitor that notes the first needed key a map lacks.
template <typename Content>
class MissingKey {
public:
    explicit MissingKey(const KeyIndex& keys) : _keys(keys) {}

    template <typename Member, typename Rule>
    void needed(std::string_view key, Member Content::*, const Rule&) {
        if (_missing.empty() && _keys.find(key) == nullptr) _missing = key;
    }

    template <typename Member, typename Rule>
    void defaulted(std::string_view, Member Content::*, const Rule&) {}

    /// Empty when all are there.
    std::string_view key() const noexcept { return _missing; }

private:
    const KeyIndex& _keys;
    std::string_view _missing;
};

/// Visitor that writes keys and values; what holds its default is left out.
template <typename Content>
class FieldWriter {
public:
    explicit FieldWriter(const Content& content) : _content(content) {}

    template <typename Member, typename Rule>
    void needed(std::string_view key, Member Content::* member, const Rule& rule) {
        put(key, _content.*member, rule);
    }

    template <typename Member, typename Rule>
    void defaulted(std::string_view key, Member Content::* member, const Rule& rule) {
        if (!(_content.*member == _defaults.*member)) put(key, _content.*member, rule);
    }

    template <typename Member, typename Rule>
    void optional(std::string_view key, std::optional<Member> Content::* member, const Rule& rule) {
        if ((_content.*member).has_value()) put(key, *(_content.*member), rule);
    }

    std::size_t count() const noexcept { return _count; }
    ByteView bytes() const noexcept { return _writer.bytes(); }

private:
    template <typename Value, typename Rule>
    void put(std::string_view key, const Value& value, const Rule& rule) {
        _writer.string(key);
        rule.write(_writer, value);
        _count += 1;
    }

    const Content& _content;
    const Content _defaults{};
    MsgPackWriter _writer;
    std::size_t _count = 0;
};

template <typename Content>
Status Record<Content>::read(const MsgPackValue& value, std::string_view name, Content& out) const {
    if (Status map = checkMap(value, name, kMaxItems); !map) return map;
    const KeyIndex keys(value);
    MissingKey<Content> lacking(keys);
    Fields<Content>::visit(lacking);
    if (!lacking.key().empty()) {
        return wrongType(name, "a map with `" + std::string(lacking.key()) + "`");
    }
    FieldReader<Content> reader(keys, out, name);
    Fields<Content>::visit(reader);
    return reader.take();
}

template <typename Content>
void Record<Content>::write(MsgPackWriter& writer, const Content& content) const {
    FieldWriter<Content> fields(content);
    Fields<Content>::visit(fields);
    writer.mapHead(fields.count());
    writer.encoded(fields.bytes());
}

}  // namespace facewire::rules
