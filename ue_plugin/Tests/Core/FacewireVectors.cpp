// Answers questions of the pytest, one JSON line each, so that the wire's vectors and curve tables
// are read by a second implementation. Questions come as lines on standard input:
//
//   message daemon|client PART...                          decode, check, encode again
//   ring SIZE FILE OFFSET LENGTH GENERATION SEQUENCE       read one record
//   open SIZE FILE                                         open a ring file
//   json TEXT                                              the same, parsed and printed
//   table TEXT                                             read a curve table
//   constants                                              limits, error codes, mapping inputs
//
// PART, FILE and TEXT are hexadecimal, "-" when empty.

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "FacewireCore/Codec.h"
#include "FacewireCore/JsonReader.h"
#include "FacewireCore/MappingInputs.h"
#include "FacewireCore/MappingTable.h"
#include "FacewireCore/Ring.h"
#include "Hex.h"
#include "JsonPrinter.h"
#include "SessionFields.h"
#include "StreamFields.h"

namespace {

using namespace facewire;
using Bytes = std::vector<std::uint8_t>;

std::string refused(const Error& error) {
    std::string out = "{\"error\":";
    testing::printJson(out, wireName(error.code));
    out += ",\"field\":";
    testing::printJson(out, error.field);
    out += ",\"text\":";
    testing::printJson(out, error.text);
    return out + "}";
}

std::string decoded(const Received& received) {
    const Envelope& envelope = received.envelope;
    std::string out = "{\"type\":";
    testing::printJson(out, wireType(envelope.message));
    out += ",\"version\":";
    testing::printJson(out, envelope.version);
    out += ",\"sequence\":" + std::to_string(envelope.sequence) + ",\"fields\":";
    std::visit([&](const auto& content) { testing::printRecord(out, content); }, envelope.message);
    const auto encoded = encode(envelope.message, envelope.sequence, envelope.version);
    out += ",\"encoded\":\"" +
           (encoded ? testing::hexFromBytes(encoded.value()) : encoded.error().text) + "\"";
    out += ",\"payload_bytes\":" +
           (received.hasPayload ? std::to_string(received.payload.size()) : "null");
    return out + "}";
}

std::string answerMessage(std::istream& question) {
    std::string side;
    question >> side;
    std::vector<Bytes> parts;
    for (std::string part; question >> part;)
        parts.push_back(testing::bytesFromHex(part));
    const std::vector<ByteView> views(parts.begin(), parts.end());
    const auto received = unpack(views, side == "daemon" ? Side::Daemon : Side::Client);
    return received ? decoded(received.value()) : refused(received.error());
}

std::string answerRing(std::istream& question, bool readsRecord) {
    std::uint64_t sizeBytes = 0;
    std::string hex;
    RecordName name;
    question >> sizeBytes >> hex >> name.offset >> name.lengthBytes >> name.generation >>
        name.sequence;
    const Bytes file = testing::bytesFromHex(hex);
    const Status header = checkRingHeader(file, file.size(), sizeBytes);
    if (!header) return refused(header.error());
    if (!readsRecord) return "{}";
    const Status place = checkRecordPlace(name, sizeBytes);
    if (!place) return refused(place.error());
    const auto offset = static_cast<std::size_t>(name.offset);
    const std::size_t bytes = kRecordHeaderBytes + static_cast<std::size_t>(name.lengthBytes);
    const auto payload = payloadOfRecord(ByteView(file).slice(offset, bytes), name);
    if (!payload) return refused(payload.error());
    const Bytes copy(payload.value().begin(), payload.value().end());
    return "{\"payload\":\"" + testing::hexFromBytes(copy) + "\"}";
}

void printValue(std::string& out, JsonValue value) {
    if (const auto flag = value.asBoolean()) return testing::printJson(out, *flag);
    if (const auto number = value.asNumber()) return testing::printJson(out, *number);
    if (const auto text = value.asString()) return testing::printJson(out, *text);
    if (value.type() == JsonType::Null) {
        out += "null";
        return;
    }
    const bool isList = value.type() == JsonType::List;
    const char* separator = isList ? "[" : "{";
    if (value.size() == 0) out += separator;
    for (const JsonValue item : value.items()) {
        out += separator;
        printValue(out, item);
        separator = ",";
    }
    for (const JsonEntry entry : value.entries()) {
        out += separator;
        testing::printJson(out, entry.key);
        out += ':';
        printValue(out, entry.value);
        separator = ",";
    }
    out += isList ? ']' : '}';
}

std::string answerJson(const Bytes& text) {
    const auto document = readJson(text);
    if (!document) return refused(document.error());
    std::string out = "{\"json\":";
    printValue(out, document.value().root());
    return out + "}";
}

std::string answerTable(const Bytes& text) {
    const auto table = readMappingTable(text);
    if (!table) return refused(table.error());
    std::string out = "{\"name\":";
    testing::printJson(out, table.value().name);
    out += ",\"curves\":";
    const char* separator = "[";
    for (const MappingCurve& curve : table.value().curves) {
        out += separator;
        testing::printJson(out, curve.name);
        separator = ",";
    }
    return out + "]}";
}

std::string answerConstants() {
    std::ostringstream out;
    out << "{\"limits\":{\"PROTOCOL_VERSION\":[" << kProtocolMajor << "," << kProtocolMinor << "]"
        << ",\"MAX_PART_BYTES\":" << kMaxPartBytes << ",\"MAX_HEADER_BYTES\":" << kMaxHeaderBytes
        << ",\"MAX_DEPTH\":" << kMaxDepth << ",\"MAX_ITEMS\":" << kMaxItems
        << ",\"MAX_STRING_BYTES\":" << kMaxStringBytes << ",\"MAX_VALUES\":" << kMaxValues
        << ",\"MAX_EMOTION_KEYS\":" << kMaxEmotionKeys << ",\"MAX_AUDIO_BYTES\":" << kMaxAudioBytes
        << ",\"MAX_AUDIO_S\":" << kMaxAudioS << ",\"MIN_SAMPLE_RATE_HZ\":" << kMinSampleRateHz
        << ",\"MAX_SAMPLE_RATE_HZ\":" << kMaxSampleRateHz << ",\"MAX_CHANNELS\":" << kMaxChannels
        << ",\"MAX_FPS\":" << kMaxFps << ",\"MAX_FRAMES_PER_MESSAGE\":" << kMaxFramesPerMessage
        << ",\"MAX_CURVES\":" << kMaxCurves << ",\"MAX_GEOMETRY_FLOATS\":" << kMaxGeometryFloats
        << ",\"CREDIT_GEOMETRY_FRAMES\":" << kCreditGeometryFrames
        << ",\"CREDIT_S\":" << kCreditS
        << ",\"CREDIT_FRAMES\":" << kCreditFrames << ",\"RING_BYTES\":" << kRingBytes
        << ",\"MAX_RINGS_BYTES\":" << kMaxRingsBytes
        << ",\"MAX_STREAMS_PER_SESSION\":" << kMaxStreamsPerSession
        << ",\"PING_INTERVAL_MS\":" << kPingIntervalMs
        << ",\"SILENT_DAEMON_MS\":" << kSilentDaemonMs
        << ",\"HEARTBEAT_INTERVAL_MS\":" << kHeartbeatIntervalMs
        << ",\"HEARTBEAT_TIMEOUT_MS\":" << kHeartbeatTimeoutMs
        << ",\"IPC_PATH_BYTES\":" << kIpcPathBytes << "},\"error_codes\":[";
    for (std::size_t index = 0; index < kErrorCodeCount; ++index) {
        out << (index == 0 ? "" : ",") << '"' << wireName(static_cast<ErrorCode>(index)) << '"';
    }
    out << "],\"mapping_inputs\":[";
    for (std::size_t index = 0; index < kMappingInputCount; ++index) {
        out << (index == 0 ? "" : ",") << '"' << kMappingInputs[index] << '"';
    }
    out << "],\"mapping_limits\":{\"MAX_FILE_BYTES\":" << kMaxJsonBytes
        << ",\"MAX_DEPTH\":" << kMaxJsonDepth << ",\"MAX_CURVES\":" << kMaxCurves
        << ",\"MAX_TERMS\":" << kMaxMappingTerms << ",\"MAX_POINTS\":" << kMaxResponsePoints
        << ",\"MAX_NUMBER\":" << kMaxMappingNumber << ",\"MIN_FLOOR\":" << kMinRatioFloor
        << ",\"MAX_NAME_BYTES\":" << kMaxCurveNameBytes << "}}";
    return out.str();
}

std::string answer(const std::string& line) {
    std::istringstream question(line);
    std::string kind;
    question >> kind;
    if (kind == "message") return answerMessage(question);
    if (kind == "ring" || kind == "open") return answerRing(question, kind == "ring");
    if (kind == "constants") return answerConstants();
    std::string hex;
    question >> hex;
    if (kind == "json") return answerJson(testing::bytesFromHex(hex));
    if (kind == "table") return answerTable(testing::bytesFromHex(hex));
    std::fprintf(stderr, "unknown question: %s\n", kind.c_str());
    std::exit(2);
}

}  // namespace

int main() {
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);)
        std::cout << answer(line) << '\n';
}
