#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "FacewireCore/ByteView.h"
#include "FacewireCore/Limits.h"
#include "FacewireCore/Result.h"

namespace facewire {

/// The format of curve tables that this library reads.
inline constexpr std::string_view kMappingSchema = "facewire-mapping/1";
/// Inputs of one curve.
inline constexpr std::size_t kMaxMappingTerms = 64;
/// Points of one curve's response.
inline constexpr std::size_t kMaxResponsePoints = 32;
/// No number of a table is larger, either way from zero.
inline constexpr double kMaxMappingNumber = 1000;
/// The least that a ratio divides by.
inline constexpr double kMinRatioFloor = 1e-6;
/// Between two points of a response: the slope of a smaller one can be infinite.
inline constexpr double kMinResponseStep = 1e-6;
/// UTF-8 bytes of a curve's name.
inline constexpr std::size_t kMaxCurveNameBytes = 128;

/// What mouthClose means. Arkit: it is relative to an open jaw. A2f: it contains the open jaw.
enum class MouthMeaning : std::uint8_t { Arkit, A2f };

/// value += gain * input
struct MappingTerm {
    /// A place in kMappingInputs.
    std::size_t input = 0;
    double gain = 0;
};

/// value += gain * clamp(of / max(to, floor), 0, 1)
struct MappingRatio {
    /// Places in kMappingInputs.
    std::size_t of = 0;
    std::size_t to = 0;
    double floor = 0.05;
    double gain = 1;
};

/// Where a value becomes which result; between points it is a straight line.
struct ResponsePoint {
    double value = 0;
    double result = 0;
};

/// The lowest and the highest value.
struct ValueRange {
    double low = 0;
    double high = 1;
};

/// One curve of a rig and how its value is made.
struct MappingCurve {
    std::string name;
    /// In the order of the file, which is that of evaluation.
    std::vector<MappingTerm> terms;
    std::optional<MappingRatio> ratio;
    double offset = 0;
    /// Values rise from point to point; no points leave the value as it is.
    std::vector<ResponsePoint> response;
    /// As wide as a float32 can hold for `null` in the file: an angle has no range.
    ValueRange range;
};

/// Curves whose sum is held to a limit; what is left of it may go to one more curve.
struct MappingShare {
    /// Places in MappingTable::curves.
    std::vector<std::size_t> curves;
    double limit = 1;
    std::optional<std::size_t> rest;
};

/// What it takes to make the curves of a rig from a face row and the gaze.
///
/// The rest of a table's file (titles, sources, how to read the rig back) is checked and left out.
struct MappingTable {
    std::string name;
    std::string version;
    /// What the rig takes mouthClose for; nothing: it passes through what comes.
    std::optional<MouthMeaning> mouthClose;
    /// In the order of a row.
    std::vector<MappingCurve> curves;
    std::vector<MappingShare> shares;
};

/// Read a curve table from the text of its JSON file, by the same rules as the daemon.
///
/// Refused as TooLarge: what readJson() calls so, more than kMaxCurves curves, kMaxMappingTerms,
/// kMaxResponsePoints. Refused as OutOfRange: numbers outside their range. Refused as Malformed:
/// all else that is misspelt or cannot be evaluated. Whether a table is complete is a question for
/// `facewire mapping check`.
///
/// @returns The table, or an error whose text names line, column, curve and key, and the nearest
///     known name for one that is misspelt; its field is the key.
Result<MappingTable> readMappingTable(ByteView json);

}  // namespace facewire
