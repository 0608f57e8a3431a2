#include "FacewireCore/MessageTypes.h"
#include "FacewireCore/MsgPackWriter.h"
#include "MsgPackScanner.h"

namespace facewire {

namespace {

/// Write a checked value in shortest formats; its depth is bounded by readMsgPack().
void writeShortest(MsgPackWriter& writer, const MsgPackValue& value) {
    if (const auto flag = value.asBoolean()) return writer.boolean(*flag);
    if (const auto number = value.asUnsigned()) return writer.unsignedInteger(*number);
    if (const auto number = value.asSigned()) return writer.signedInteger(*number);
    if (const auto number = value.asFloat()) return writer.number(*number);
    if (const auto text = value.asString()) return writer.string(*text);
    if (value.isNull()) return writer.null();
    MsgPackValue inner;
    if (value.type() == MsgPackType::Array) {
        writer.arrayHead(value.size());
        for (auto items = value.items(); items.next(inner);)
            writeShortest(writer, inner);
        return;
    }
    writer.mapHead(value.size());
    std::string_view key;
    for (auto entries = value.entries(); entries.next(key, inner);) {
        writer.string(key);
        writeShortest(writer, inner);
    }
}

}  // namespace

Result<FigureTree> FigureTree::fromMsgPack(ByteView map) {
    const Result<MsgPackValue> checked = readMsgPack(map);
    if (!checked) return checked.error();
    FigureTree tree;
    if (checked.value().size() == 0) return tree;
    MsgPackWriter writer;
    writeShortest(writer, checked.value());
    tree._encoded = writer.take();
    return tree;
}

MsgPackValue FigureTree::root() const noexcept {
    static constexpr std::uint8_t kEmptyMap[] = {0x80};
    const ByteView bytes = _encoded.empty() ? ByteView(kEmptyMap, 1) : ByteView(_encoded);
    return MsgPackScanner::readChecked(bytes);
}

}  // namespace facewire
