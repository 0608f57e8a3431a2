#include "FieldRules.h"

#include <cmath>
namespace facewire::rules {

namespace {

/// Refuse figures that JSON and Blueprint cannot hold; depth is bounded by readMsgPack().
Status checkFigures(const MsgPackValue& value, std::string_view name) {
    if (value.type() == MsgPackType::Integer && !value.asSigned()) {
        return outOfRange(name, "integers of 64 bits");
    }
    if (const auto number = value.asFloat(); number && !std::isfinite(*number)) {
        return outOfRange(name, "finite numbers");
    }
    MsgPackValue inner;
    for (auto items = value.items(); items.next(inner);) {
        if (Status checked = checkFigures(inner, name); !checked) return checked;
    }
    std::string_view key;
    for (auto entries = value.entries(); entries.next(key, inner);) {
        if (Status checked = checkFigures(inner, name); !checked) return checked;
    }
    return Status();
}

Status readEmotionKey(const MsgPackValue& value, std::string_view name, EmotionKey& out) {
    if (value.type() != MsgPackType::Array || value.size() != 2) {
        return wrongType(name, "pairs of time and weights");
    }
    auto cursor = value.items();
    MsgPackValue time;
    MsgPackValue weights;
    cursor.next(time);
    cursor.next(weights);
    const std::size_t count = out.weights.size();
    if (Status array = checkArray(weights, name, count, count); !array) return array;
    if (Status read = Integer{0, kU53}.read(time, name, out.time); !read) return read;
    auto items = weights.items();
    for (double& weight : out.weights) {
        MsgPackValue entry;
        items.next(entry);
        if (Status read = Number{0.0, 1.0}.read(entry, name, weight); !read) return read;
    }
    return Status();
}

Error refusal(ErrorCode code, std::string_view name, std::string text) {
    return Error{code, "`" + std::string(name) + "` " + text + ".", std::string(name)};
}

}  // namespace

Error wrongType(std::string_view name, std::string_view wanted) {
    return refusal(ErrorCode::Malformed, name, "must be " + std::string(wanted));
}

Error outOfRange(std::string_view name, std::string_view wanted) {
    return refusal(ErrorCode::OutOfRange, name, "must be " + std::string(wanted));
}

Error tooLarge(std::string_view name, std::size_t got, std::size_t limit) {
    return refusal(ErrorCode::TooLarge, name,
                   "has " + std::to_string(got) + " bytes or items; " + std::to_string(limit) +
                       " are allowed");
}

Error missing(std::string_view name) {
    return refusal(ErrorCode::Malformed, name, "is missing");
}

Status checkArray(const MsgPackValue& value, std::string_view name, std::size_t minItems,
                  std::size_t maxItems) {
    if (value.type() != MsgPackType::Array) return wrongType(name, "a list");
    if (value.size() > maxItems) return tooLarge(name, value.size(), maxItems);
    if (value.size() < minItems) {
        return outOfRange(name, "a list of at least " + std::to_string(minItems));
    }
    return Status();
}

Status checkMap(const MsgPackValue& value, std::string_view name, std::size_t maxEntries) {
    if (value.type() != MsgPackType::Map) return wrongType(name, "a map");
    if (value.size() > maxEntries) return tooLarge(name, value.size(), maxEntries);
    return Status();
}

Status Integer::readWhole(const MsgPackValue& value, std::string_view name,
                          std::uint64_t& out) const {
    if (value.type() != MsgPackType::Integer) return wrongType(name, "a whole number");
    const auto number = value.asUnsigned();
    if (!number || *number < minimum || *number > maximum) {
        return outOfRange(name, std::to_string(minimum) + " to " + std::to_string(maximum));
    }
    out = *number;
    return Status();
}

Status Number::read(const MsgPackValue& value, std::string_view name, double& out) const {
    const auto number = value.asNumber();
    if (!number) return wrongType(name, "a number");
    if (!(*number >= minimum && *number <= maximum)) {  // also for NaN
        return outOfRange(name, std::to_string(minimum) + " to " + std::to_string(maximum));
    }
    out = *number;
    return Status();
}

Status Boolean::read(const MsgPackValue& value, std::string_view name, bool& out) const {
    const auto flag = value.asBoolean();
    if (!flag) return wrongType(name, "true or false");
    out = *flag;
    return Status();
}

Status String::read(const MsgPackValue& value, std::string_view name, std::string& out) const {
    const auto text = value.asString();
    if (!text) return wrongType(name, "a string");
    if (text->size() > maxBytes) return tooLarge(name, text->size(), maxBytes);
    out = *text;
    return Status();
}

Status Integers::read(const MsgPackValue& value, std::string_view name,
                      std::vector<std::uint64_t>& out) const {
    if (Status array = checkArray(value, name, 0, maxItems); !array) return array;
    MsgPackValue entry;
    for (auto types = value.items(); types.next(entry);) {
        if (entry.type() != MsgPackType::Integer) return wrongType(name, "whole numbers");
    }
    return List<Integer>{{0, maximum}, 0, maxItems}.read(value, name, out);
}

void Integers::write(MsgPackWriter& writer, const std::vector<std::uint64_t>& numbers) const {
    writer.arrayHead(numbers.size());
    for (const std::uint64_t number : numbers)
        writer.unsignedInteger(number);
}

Status EmotionKeys::read(const MsgPackValue& value, std::string_view name,
                         std::vector<EmotionKey>& out) const {
    if (Status array = checkArray(value, name, 1, kMaxEmotionKeys); !array) return array;
    out.clear();
    auto cursor = value.items();
    for (MsgPackValue entry; cursor.next(entry);) {
        if (Status read = readEmotionKey(entry, name, out.emplace_back()); !read) return read;
    }
    for (std::size_t index = 1; index < out.size(); ++index) {
        if (out[index].time <= out[index - 1].time) return outOfRange(name, "of rising times");
    }
    return Status();
}

void EmotionKeys::write(MsgPackWriter& writer, const std::vector<EmotionKey>& keys) const {
    writer.arrayHead(keys.size());
    for (const EmotionKey& key : keys) {
        writer.arrayHead(2);
        writer.unsignedInteger(key.time);
        writer.arrayHead(key.weights.size());
        for (const double weight : key.weights)
            writer.number(weight);
    }
}

Status Tree::read(const MsgPackValue& value, std::string_view name, FigureTree& out) const {
    if (value.type() != MsgPackType::Map) return wrongType(name, "a map");
    if (Status figures = checkFigures(value, name); !figures) return figures;
    Result<FigureTree> tree = FigureTree::fromMsgPack(value.encoded());
    if (!tree) return std::move(tree).error();
    out = std::move(tree).value();
    return Status();
}

void Tree::write(MsgPackWriter& writer, const FigureTree& tree) const {
    if (tree.encoded().empty()) {
        writer.mapHead(0);
    } else {
        writer.encoded(tree.encoded());
    }
}

}  // namespace facewire::rules
