#include "MappingProgram.h"

#include <array>
#include <cstring>

// The daemon's bits are ours only when each product is rounded before it is added. GCC takes a flag
// for that, see CMakeLists.txt.
#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(_MSC_VER)
#pragma float_control(precise, on)
#pragma fp_contract(off)
#endif

namespace facewire {

namespace {

using InputValues = std::array<double, kMappingInputCount>;

/// The value, or 0 for NaN and infinities. By its bits: an engine may build with fast mathematics.
double finiteOrZero(float value) noexcept {
    static constexpr std::uint32_t kExponent = 0x7f80'0000;
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return (bits & kExponent) == kExponent ? 0.0 : static_cast<double>(value);
}

// Both in steps that a processor takes without a branch: many weights are at their ends.
double atLeast(double value, double low) noexcept {
    return value < low ? low : value;
}

double held(double value, double low, double high) noexcept {
    const double raised = atLeast(value, low);
    return raised > high ? high : raised;
}

void load(const std::vector<ProgramInput>& inputs, Span<const float> row,
          InputValues& values) noexcept {
    for (const ProgramInput& input : inputs)
        values[input.input] = input.sign * finiteOrZero(row[input.column]);
}

void loadAll(const MappingProgram& program, Span<const float> face, Span<const float> eyes,
             InputValues& values) noexcept {
    values.fill(0);
    load(program.faceInputs, face, values);
    if (!eyes.empty()) load(program.gazeInputs, eyes, values);
    if (program.jawGain == 0) return;
    static constexpr std::size_t kJawOpen = placeOfMappingInput("jawOpen");
    static constexpr std::size_t kMouthClose = placeOfMappingInput("mouthClose");
    values[kJawOpen] += program.jawGain * values[kMouthClose];
    if (program.jawGain < 0) values[kJawOpen] = atLeast(values[kJawOpen], 0);
}

double ratioOf(const MappingRatio& ratio, const InputValues& inputs) noexcept {
    const double part = inputs[ratio.of] / atLeast(inputs[ratio.to], ratio.floor);
    return ratio.gain * held(part, 0, 1);
}

/// The result of a value on a response; the points are at least two.
double responseTo(double value, const ProgramPoint* point, const ProgramPoint* end) noexcept {
    if (value < point->value) return point->result;
    while (point + 1 != end && value >= point[1].value)
        ++point;
    return point->result + (value - point->value) * point->slope;
}

void shareOut(const MappingShare& share, double* values) noexcept {
    double sum = values[share.curves[0]];
    for (std::size_t index = 1; index < share.curves.size(); ++index)
        sum += values[share.curves[index]];
    if (sum > share.limit) {
        const double scale = share.limit / sum;
        for (const std::size_t curve : share.curves)
            values[curve] *= scale;
    }
    if (share.rest) values[*share.rest] = share.limit - held(sum, 0, share.limit);
}

}  // namespace

void runMapping(const MappingProgram& program, Span<const float> face, Span<const float> eyes,
                Span<float> out) noexcept {
    InputValues inputs;
    loadAll(program, face, eyes, inputs);
    std::array<double, kMaxCurves> values;
    std::uint32_t term = 0;
    std::uint32_t ratio = 0;
    std::uint32_t point = 0;
    for (std::size_t index = 0; index < program.curves.size(); ++index) {
        const ProgramCurve& curve = program.curves[index];
        double value = curve.offset;
        for (; term < curve.termsEnd; ++term) {
            const double product = program.terms[term].gain * inputs[program.terms[term].input];
            value += product;
        }
        for (; ratio < curve.ratiosEnd; ++ratio) {
            const double product = ratioOf(program.ratios[ratio], inputs);
            value += product;
        }
        if (point < curve.pointsEnd) {
            const ProgramPoint* const points = program.points.data();
            value = responseTo(value, points + point, points + curve.pointsEnd);
            point = curve.pointsEnd;
        }
        values[index] = held(value, curve.low, curve.high);
    }
    for (const MappingShare& share : program.shares)
        shareOut(share, values.data());
    for (std::size_t index = 0; index < program.curves.size(); ++index)
        out[index] = static_cast<float>(values[index]);
}

}  // namespace facewire
