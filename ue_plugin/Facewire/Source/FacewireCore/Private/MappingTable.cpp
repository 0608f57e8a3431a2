#include "FacewireCore/MappingTable.h"

#include <algorithm>
#include <array>
#include <utility>

#include "NearestName.h"
#include "TableCurves.h"
#include "TableFields.h"
#include "TableNames.h"
#include "TableNotes.h"

namespace facewire {

namespace tables {

namespace {

constexpr std::array<std::string_view, 15> kTableKeys = {
    "$schema", "schema", "name",    "version", "title", "about",  "mouth_close", "sides",
    "sources", "curves", "at_rest", "drops",   "sums",  "shares", "reverse"};
constexpr std::array<std::string_view, 3> kMouthWords = {"arkit", "a2f", "any"};
constexpr std::array<std::string_view, 3> kShareKeys = {"curves", "limit", "rest"};

bool isSmallLetter(char character) {
    return character >= 'a' && character <= 'z';
}

bool isDecimalDigit(char character) {
    return character >= '0' && character <= '9';
}

/// 1 to 64 small letters, digits and underscores, a letter first.
bool isTableName(std::string_view text) {
    const auto isFit = [](char character) {
        return isSmallLetter(character) || isDecimalDigit(character) || character == '_';
    };
    return !text.empty() && text.size() <= 64 && isSmallLetter(text[0]) &&
           std::all_of(text.begin(), text.end(), isFit);
}

/// Three whole numbers with points between them.
bool isTableVersion(std::string_view text) {
    const auto isFit = [](char character) { return isDecimalDigit(character) || character == '.'; };
    return !text.empty() && std::all_of(text.begin(), text.end(), isFit) &&
           std::count(text.begin(), text.end(), '.') == 2 && text.front() != '.' &&
           text.back() != '.' && text.find("..") == std::string_view::npos;
}

/// Reads a table's file from the outside in.
class TableReader {
public:
    TableReader(ByteView text, JsonValue root)
        : _refusals(text), _fields(_refusals, root, Place{root.offset(), "", ""}, kTableKeys) {}

    Result<MappingTable> read() {
        checkSchema();
        readCurves();
        if (!_refusals.none()) return _refusals.first();
        const CurveNames names(_table.curves);
        readHead();
        readShares(names);
        checkNotes(_refusals, _fields, _curveValues, names);
        if (!_refusals.none()) return _refusals.first();
        return std::move(_table);
    }

private:
    void checkSchema() {
        const auto schema = _fields.required("schema");
        if (!schema || schema->asString() == kMappingSchema) return;
        _refusals.add(_fields.at("schema"),
                      "this library reads " + quoted(kMappingSchema) + " only.",
                      "A newer table needs a newer Facewire.", ErrorCode::Unsupported);
    }

    void readCurves() {
        _fields.required("curves");
        const auto curves = _fields.optional("curves", JsonType::List);
        if (!curves) return;
        if (!_refusals.isCount(curves->size(), 1, kMaxCurves, "curves", _fields.at("curves"))) {
            return;
        }
        for (const JsonValue entry : curves->items()) {
            _curveValues.push_back(entry);
            _table.curves.push_back(
                readCurve(_refusals, entry, _curveValues.size(), _fields.place()));
            if (!_refusals.none()) return;
        }
        checkCurveNames();
    }

    /// Unreal takes names that differ only in case for one.
    void checkCurveNames() {
        std::vector<std::pair<std::string, std::size_t>> names;
        for (const MappingCurve& curve : _table.curves)
            names.emplace_back(withoutCase(curve.name), names.size());
        std::sort(names.begin(), names.end());
        for (std::size_t index = 1; index < names.size(); ++index) {
            if (names[index].first != names[index - 1].first) continue;
            const std::string& other = _table.curves[names[index - 1].second].name;
            const bool isSame = other == _table.curves[names[index].second].name;
            _refusals.add(placeOfCurve(names[index].second),
                          isSame ? "is there twice."
                                 : "is there twice: " + quoted(other) + " differs only in case.",
                          "Unreal's names ignore case: keep one of the two.");
        }
    }

    Place placeOfCurve(std::size_t place) const {
        return _fields.place().atNamed("curve", _table.curves[place].name,
                                       _curveValues[place].offset());
    }

    void readHead() {
        _table.name = checkedText("name", isTableName,
                                  "It is made of small letters, digits and underscores.");
        _table.version =
            checkedText("version", isTableVersion, "It is made of three numbers such as 1.0.0.");
        _fields.required("mouth_close");
        const std::string_view word = _fields.text("mouth_close");
        if (std::find(kMouthWords.begin(), kMouthWords.end(), word) == kMouthWords.end()) {
            _refusals.addUnknown(_fields.at("mouth_close"), "meaning", word, kMouthWords,
                                 "It is one of arkit, a2f, any.");
        }
        if (word == "arkit") _table.mouthClose = MouthMeaning::Arkit;
        if (word == "a2f") _table.mouthClose = MouthMeaning::A2f;
    }

    std::string_view checkedText(std::string_view key, bool (*isFit)(std::string_view),
                                 std::string_view hint) {
        _fields.required(key);
        const std::string_view text = _fields.text(key);
        if (!isFit(text)) _refusals.add(_fields.at(key), quoted(text) + " does not fit.", hint);
        return text;
    }

    void readShares(const CurveNames& names) {
        const auto shares = _fields.optional("shares", JsonType::List);
        if (!shares) return;
        for (const JsonValue entry : shares->items()) {
            const std::string number = std::to_string(_table.shares.size() + 1);
            const Place place{entry.offset(), "share number " + number, "shares"};
            _table.shares.push_back(readShare(Fields(_refusals, entry, place, kShareKeys), names));
            if (!_refusals.none()) return;
        }
        checkRests();
    }

    MappingShare readShare(const Fields& fields, const CurveNames& names) {
        MappingShare share;
        const Place place = fields.at("curves");
        fields.required("curves");
        if (const auto curves = fields.optional("curves", JsonType::List)) {
            for (const JsonValue name : curves->items())
                share.curves.push_back(names.find(_refusals, _refusals.name(name, place), place));
        }
        std::vector<std::size_t> sorted = share.curves;
        std::sort(sorted.begin(), sorted.end());
        if (sorted.empty() || std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
            _refusals.add(place, "must name at least one curve, and none twice.");
        }
        fields.required("limit");
        share.limit = fields.number("limit", share.limit);
        if (share.limit <= 0) {
            _refusals.add(fields.at("limit"), shown(share.limit) + " must be above zero.", {},
                          ErrorCode::OutOfRange);
        }
        const auto rest = fields.find("rest");
        if (rest && rest->type() != JsonType::Null) {
            const Place here = fields.at("rest");
            share.rest = names.find(_refusals, _refusals.name(*rest, here), here);
        }
        return share;
    }

    /// A rest is what other curves leave, so that nothing else may make or take it.
    void checkRests() {
        std::vector<int> rests(_table.curves.size());
        std::vector<bool> isListed(_table.curves.size());
        for (const MappingShare& share : _table.shares) {
            if (share.rest) rests[*share.rest] += 1;
            for (const std::size_t curve : share.curves)
                isListed[curve] = true;
        }
        for (std::size_t place = 0; place < rests.size(); ++place) {
            if (rests[place] == 0) continue;
            const MappingCurve& curve = _table.curves[place];
            if (rests[place] > 1 || isListed[place]) {
                _refusals.add(placeOfCurve(place),
                              "can be the rest of one share, and a part of none.");
            }
            const bool isMade =
                !curve.terms.empty() || curve.ratio || curve.offset != 0 || !curve.response.empty();
            if (!isMade) continue;
            _refusals.add(placeOfCurve(place),
                          "is what the other curves leave: it cannot have a rule of its own.",
                          "Take away \"from\", \"ratio\", \"offset\" and \"response\".");
        }
    }

    Refusals _refusals;
    Fields _fields;
    MappingTable _table;
    /// The entries of `curves`.
    std::vector<JsonValue> _curveValues;
};

/// Some editors begin a file with a byte order mark.
ByteView withoutByteOrderMark(ByteView text) {
    static constexpr std::string_view kMark = "\xef\xbb\xbf";
    const bool hasMark = text.size() >= kMark.size() && text.slice(0, kMark.size()).text() == kMark;
    return hasMark ? text.slice(kMark.size(), text.size() - kMark.size()) : text;
}

}  // namespace

}  // namespace tables

Result<MappingTable> readMappingTable(ByteView json) {
    // A file of one mark too many is too large, as the daemon counts.
    const bool isTooLarge = json.size() > kMaxJsonBytes;
    const ByteView text = isTooLarge ? json : tables::withoutByteOrderMark(json);
    const Result<JsonDocument> document = readJson(text);
    if (!document) return document.error();
    return tables::TableReader(text, document.value().root()).read();
}

}  // namespace facewire
