#include "FacewireCore/Codec.h"

#include "AllocationCount.h"
#include "Check.h"
#include "FacewireCore/MsgPackWriter.h"
#include "Hex.h"

namespace messages = facewire::messages;
using facewire::decode;
using facewire::encode;
using facewire::ErrorCode;
using facewire::Message;
using facewire::Side;
using facewire::testing::bytesFromHex;
using facewire::testing::hexFromBytes;

namespace {

using Bytes = std::vector<std::uint8_t>;

messages::OpenStream openStream() {
    messages::OpenStream open;
    open.stream = 3;
    open.sample_rate_hz = 24'000;
    return open;
}

messages::Frames frames() {
    messages::Frames batch;
    batch.stream = 3;
    batch.count = 2;
    batch.curves = 71;
    batch.timestamps = {0, 266};
    return batch;
}

/// The code `message` is refused with by encode(), or "ok".
std::string codeOfEncoding(const Message& message) {
    const auto bytes = encode(message, 7);
    return bytes ? "ok" : std::string(facewire::wireName(bytes.error().code));
}

}  // namespace

FACEWIRE_TEST("a message comes back from its bytes with every field") {
    messages::OpenStream open = openStream();
    open.encoding = facewire::AudioEncoding::Float32;
    open.mode = facewire::StreamMode::Live;
    open.fps = {30'000, 1001};
    open.emotion = {{"joy", 0.6}, {"anger", 0.0}};
    open.mouth_close = facewire::MouthClose::Raw;
    open.ledger = true;
    open.automatic_emotion = true;
    open.outputs = {"emotion", "geometry"};
    const auto bytes = encode(open, 9);
    FACEWIRE_REQUIRE(bytes);

    const auto envelope = decode(bytes.value(), Side::Daemon);

    FACEWIRE_REQUIRE(envelope);
    FACEWIRE_CHECK_EQUAL(envelope.value().sequence, 9U);
    const auto* read = std::get_if<messages::OpenStream>(&envelope.value().message);
    FACEWIRE_REQUIRE(read != nullptr);
    FACEWIRE_CHECK(read->encoding == facewire::AudioEncoding::Float32);
    FACEWIRE_CHECK(read->mode == facewire::StreamMode::Live);
    FACEWIRE_CHECK(read->fps == (facewire::FrameRate{30'000, 1001}));
    FACEWIRE_CHECK(read->emotion == open.emotion);
    FACEWIRE_CHECK(read->mouth_close == facewire::MouthClose::Raw);
    FACEWIRE_CHECK(read->automatic_emotion && read->outputs == open.outputs);
    FACEWIRE_CHECK(read->ledger && read->stream == 3 && read->sample_rate_hz == 24'000);
    FACEWIRE_CHECK_EQUAL(read->credit_frames, facewire::kCreditFrames);
}

FACEWIRE_TEST("fields that hold their default are left out of the bytes") {
    const auto bytes = encode(messages::Bye{}, 7);

    FACEWIRE_REQUIRE(bytes);
    FACEWIRE_CHECK_EQUAL(hexFromBytes(bytes.value()),
                         "83a474797065a3627965a776657273696f6e920101a873657175656e636507");
}

FACEWIRE_TEST("what the receiver would refuse is refused before it is sent") {
    messages::OpenStream open = openStream();
    open.sample_rate_hz = 7'999;
    FACEWIRE_CHECK_EQUAL(codeOfEncoding(open), "out_of_range");
    open = openStream();
    open.fps = {1, 2};
    FACEWIRE_CHECK_EQUAL(codeOfEncoding(open), "out_of_range");
    open = openStream();
    open.model = std::string(65, 'x');
    FACEWIRE_CHECK_EQUAL(codeOfEncoding(open), "too_large");
    open = openStream();
    open.model = "\xff";
    FACEWIRE_CHECK_EQUAL(codeOfEncoding(open), "malformed");
    open = openStream();
    open.parameters = {{"jaw", 0.5}, {"jaw", 0.5}};
    FACEWIRE_CHECK_EQUAL(codeOfEncoding(open), "malformed");
    FACEWIRE_CHECK_EQUAL(codeOfEncoding(messages::Hello{}), "out_of_range");
    FACEWIRE_CHECK_EQUAL(codeOfEncoding(openStream()), "ok");
}

FACEWIRE_TEST("a message is unsupported by the side that never receives it") {
    const auto bytes = encode(openStream(), 7);
    FACEWIRE_REQUIRE(bytes);

    FACEWIRE_CHECK(decode(bytes.value(), Side::Daemon));
    const auto refused = decode(bytes.value(), Side::Client);
    FACEWIRE_REQUIRE(!refused);
    FACEWIRE_CHECK(refused.error().code == ErrorCode::Unsupported);
    FACEWIRE_CHECK_EQUAL(refused.error().field, "type");
}

FACEWIRE_TEST("another major version is refused with both versions named") {
    // {"type": "bye", "version": [2, 5], "sequence": 7}
    const auto refused =
        decode(bytesFromHex("83a474797065a3627965a776657273696f6e920205a873657175656e636507"),
               Side::Client);

    FACEWIRE_REQUIRE(!refused);
    FACEWIRE_CHECK(refused.error().code == ErrorCode::VersionRefused);
    FACEWIRE_CHECK(refused.error().text.find("1.1") != std::string::npos);
    FACEWIRE_CHECK(refused.error().text.find("2.5") != std::string::npos);
}

FACEWIRE_TEST("an error code of a later version arrives as text") {
    messages::Error error;
    error.code = "made_up_later";
    const auto bytes = encode(error, 7);
    FACEWIRE_REQUIRE(bytes);

    const auto envelope = decode(bytes.value(), Side::Client);

    FACEWIRE_REQUIRE(envelope);
    FACEWIRE_CHECK_EQUAL(std::get_if<messages::Error>(&envelope.value().message)->code,
                         "made_up_later");
}

FACEWIRE_TEST("figures are walked as they came, and non-finite ones are refused") {
    facewire::MsgPackWriter writer;
    writer.mapHead(1);
    writer.string("streams");
    writer.arrayHead(2);
    writer.unsignedInteger(4);
    writer.number(0.25);
    const auto tree = facewire::FigureTree::fromMsgPack(writer.bytes());
    FACEWIRE_REQUIRE(tree);
    messages::Stats stats{tree.value()};
    const auto bytes = encode(stats, 7);
    FACEWIRE_REQUIRE(bytes);

    const auto envelope = decode(bytes.value(), Side::Client);

    FACEWIRE_REQUIRE(envelope);
    const auto* read = std::get_if<messages::Stats>(&envelope.value().message);
    FACEWIRE_REQUIRE(read != nullptr);
    FACEWIRE_CHECK(read->stats == tree.value());
    auto entries = read->stats.root().entries();
    std::string_view key;
    facewire::MsgPackValue value;
    FACEWIRE_CHECK(entries.next(key, value) && key == "streams" && value.size() == 2);

    const auto infinite =
        facewire::FigureTree::fromMsgPack(bytesFromHex("81 a161 cb 7ff0000000000000"));
    FACEWIRE_REQUIRE(infinite);
    FACEWIRE_CHECK_EQUAL(codeOfEncoding(messages::Stats{infinite.value()}), "out_of_range");
}

FACEWIRE_TEST("an empty figure tree is an empty map") {
    FACEWIRE_CHECK(facewire::FigureTree().root().type() == facewire::MsgPackType::Map);
    FACEWIRE_CHECK_EQUAL(facewire::FigureTree().root().size(), 0U);
    FACEWIRE_CHECK(facewire::FigureTree::fromMsgPack(bytesFromHex("80")).value() ==
                   facewire::FigureTree());
}

FACEWIRE_TEST("a payload must be there exactly when the header announces one inline") {
    const Bytes right(2 * 71 * 4);
    const Bytes wrong(2 * 71 * 4 + 1);
    const facewire::ByteView rightView(right);
    const facewire::ByteView wrongView(wrong);
    messages::Frames inRing = frames();
    inRing.offset = 64;
    inRing.length_bytes = right.size();

    FACEWIRE_CHECK(facewire::checkPayload(frames(), &rightView));
    FACEWIRE_CHECK(!facewire::checkPayload(frames(), &wrongView));
    FACEWIRE_CHECK(!facewire::checkPayload(frames(), nullptr));
    FACEWIRE_CHECK(facewire::checkPayload(inRing, nullptr));
    FACEWIRE_CHECK(!facewire::checkPayload(inRing, &rightView));
    FACEWIRE_CHECK(facewire::checkPayload(openStream(), nullptr));
    FACEWIRE_CHECK(!facewire::checkPayload(openStream(), &rightView));
}

FACEWIRE_TEST("an unpacked payload is the part itself, not a copy") {
    const auto header = encode(frames(), 7);
    FACEWIRE_REQUIRE(header);
    const Bytes payload(2 * 71 * 4, 1);

    const auto received = facewire::unpack({header.value(), payload}, Side::Client);

    FACEWIRE_REQUIRE(received);
    FACEWIRE_CHECK(received.value().hasPayload);
    FACEWIRE_CHECK(received.value().payload.data() == payload.data());
    FACEWIRE_CHECK_EQUAL(received.value().payload.size(), payload.size());
}

FACEWIRE_TEST("bombs are refused within two megabytes of memory") {
    const Bytes nested(facewire::kMaxHeaderBytes, 0x91);
    Bytes emptyMaps = bytesFromHex("81 a178 9f");
    for (int index = 0; index < 15; ++index) {
        emptyMaps.insert(emptyMaps.end(), {0xdc, 0x0f, 0xff});
        emptyMaps.insert(emptyMaps.end(), 4095, 0x80);
    }
    for (const Bytes& bomb :
         {nested, emptyMaps, bytesFromHex("81 a178 dd ffffffff"), bytesFromHex("df ffffffff"),
          bytesFromHex("81 a178 db ffffffff"), Bytes(1024 * 1024, 0x80)}) {
        const std::size_t before = facewire::testing::allocatedBytes();
        const auto refused = decode(bomb, Side::Client);
        FACEWIRE_CHECK(!refused);
        FACEWIRE_CHECK(facewire::testing::allocatedBytes() - before < 2 * 1024 * 1024);
    }
}

FACEWIRE_TEST("the densest legal header is read within two megabytes of memory") {
    // {"type": ..., "x": as many strings as a header may have values}
    Bytes header =
        bytesFromHex("84a474797065a3627965a776657273696f6e920100a873657175656e636507a178");
    header.insert(header.end(), {0x93});
    for (int index = 0; index < 3; ++index) {
        header.insert(header.end(), {0xdc, 0x10, 0x00});
        header.insert(header.end(), 4096, 0xa0);
    }
    const std::size_t before = facewire::testing::allocatedBytes();

    FACEWIRE_CHECK(decode(header, Side::Client));

    FACEWIRE_CHECK(facewire::testing::allocatedBytes() - before < 2 * 1024 * 1024);
}

FACEWIRE_TEST("figures in long formats are kept in the shortest") {
    // {"n": uint64 5, "f": float32 0.5, "s": str32 "a", "l": array32 [nil, int64 -1, true]}
    const auto tree = facewire::FigureTree::fromMsgPack(
        bytesFromHex("84 a16e cf0000000000000005 a166 ca3f000000 a173 db0000000161 "
                     "a16c dd00000003 c0 d3ffffffffffffffff c3"));
    FACEWIRE_REQUIRE(tree);
    const facewire::ByteView encoded = tree.value().encoded();

    FACEWIRE_CHECK_EQUAL(hexFromBytes(Bytes(encoded.begin(), encoded.end())),
                         "84a16e05a166cb3fe0000000000000a173a161a16c93c0ffc3");
}
