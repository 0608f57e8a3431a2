#include <array>
#include <optional>

#include "MappingProgram.h"

namespace facewire {

namespace {

constexpr std::size_t kJawOpenPlace = placeOfMappingInput("jawOpen");
constexpr std::size_t kMouthClosePlace = placeOfMappingInput("mouthClose");

/// Where the value of an input stands in a row of the source.
struct InputColumn {
    std::uint32_t column = 0;
    /// False: the source does not have it, and it reads 0.
    bool isThere = false;
    double sign = 1;
};

/// For each of kMappingInputs.
using InputColumns = std::array<InputColumn, kMappingInputCount>;

Result<InputColumns> plainColumns(const FaceSource& source) {
    InputColumns columns{};
    for (std::size_t place = 0; place < kMappingInputCount; ++place) {
        const bool isGaze = isGazeAngle(place);
        const std::size_t first = isGaze ? kFaceCurveCount : 0;
        columns[place].column = static_cast<std::uint32_t>(place - first);
        columns[place].isThere = isGaze ? source.gaze : source.inputs.empty();
    }
    for (std::size_t column = 0; column < source.inputs.size(); ++column) {
        const std::optional<std::size_t> place = mappingInputOf(source.inputs[column]);
        if (!place || isGazeAngle(*place)) continue;  // angles come by a way of their own
        if (columns[*place].isThere) {
            return Error{ErrorCode::Malformed,
                         "The input " + std::string(kMappingInputs[*place]) + " is named twice.",
                         "inputs"};
        }
        columns[*place].column = static_cast<std::uint32_t>(column);
        columns[*place].isThere = true;
    }
    return columns;
}

InputColumns mirrored(const InputColumns& plain) {
    InputColumns columns{};
    for (std::size_t place = 0; place < kMappingInputCount; ++place) {
        const MirroredInput other = mirroredMappingInput(place);
        columns[place] = plain[other.place];
        columns[place].sign = other.sign;
    }
    return columns;
}

/// What jawOpen gains of mouthClose when the two sides mean different things by it.
double jawGainOf(const MappingTable& table, const FaceSource& source, const InputColumns& columns) {
    const bool isSame = !table.mouthClose || *table.mouthClose == source.mouthClose;
    if (isSame || !columns[kJawOpenPlace].isThere || !columns[kMouthClosePlace].isThere) return 0;
    return source.mouthClose == MouthMeaning::A2f ? 1 : -1;
}

/// Whether a curve knows both eyeLook weights and gaze angles, of which one kind is read.
bool hasGazeChoice(const MappingCurve& curve) {
    bool looks = false;
    bool angles = false;
    for (const MappingTerm& term : curve.terms) {
        looks = looks || isEyeLook(term.input);
        angles = angles || isGazeAngle(term.input);
    }
    return looks && angles;
}

void addTerms(const MappingCurve& curve, const InputColumns& columns, MappingProgram& program) {
    const bool skipsLooks = program.gaze && hasGazeChoice(curve);
    for (const MappingTerm& term : curve.terms) {
        if (!columns[term.input].isThere) continue;  // it would add 0
        if (skipsLooks && isEyeLook(term.input)) continue;
        program.terms.push_back({term.gain, term.input});
    }
}

void addPoints(const MappingCurve& curve, MappingProgram& program) {
    for (std::size_t index = 0; index < curve.response.size(); ++index) {
        const ResponsePoint& point = curve.response[index];
        double slope = 0;  // the last result is held
        if (index + 1 < curve.response.size()) {
            const ResponsePoint& next = curve.response[index + 1];
            slope = (next.result - point.result) / (next.value - point.value);
        }
        program.points.push_back({point.value, point.result, slope});
    }
}

void addCurve(const MappingCurve& curve, const InputColumns& columns, MappingProgram& program) {
    addTerms(curve, columns, program);
    if (curve.ratio) program.ratios.push_back(*curve.ratio);
    addPoints(curve, program);
    program.curves.push_back({curve.offset, curve.range.low, curve.range.high,
                              static_cast<std::uint32_t>(program.terms.size()),
                              static_cast<std::uint32_t>(program.ratios.size()),
                              static_cast<std::uint32_t>(program.points.size())});
    program.names.push_back(curve.name);
}

/// Load only what the curves read.
void addInputs(const InputColumns& columns, MappingProgram& program) {
    std::array<bool, kMappingInputCount> isRead{};
    isRead[kJawOpenPlace] = isRead[kMouthClosePlace] = program.jawGain != 0;
    for (const ProgramTerm& term : program.terms)
        isRead[term.input] = true;
    for (const MappingRatio& ratio : program.ratios)
        isRead[ratio.of] = isRead[ratio.to] = true;
    for (std::size_t place = 0; place < kMappingInputCount; ++place) {
        const InputColumn& column = columns[place];
        if (!column.isThere || !isRead[place]) continue;
        auto& inputs = isGazeAngle(place) ? program.gazeInputs : program.faceInputs;
        inputs.push_back({static_cast<std::uint32_t>(place), column.column, column.sign});
    }
}

}  // namespace

Result<MappingProgram> compileMapping(const MappingTable& table, const FaceSource& source) {
    const auto plain = plainColumns(source);
    if (!plain) return plain.error();
    const InputColumns columns = source.mirror ? mirrored(plain.value()) : plain.value();
    MappingProgram program;
    program.rowSize = source.inputs.empty() ? kFaceCurveCount : source.inputs.size();
    program.gaze = source.gaze;
    program.jawGain = jawGainOf(table, source, columns);
    for (const MappingCurve& curve : table.curves)
        addCurve(curve, columns, program);
    addInputs(columns, program);
    program.shares = table.shares;
    return program;
}

}  // namespace facewire
