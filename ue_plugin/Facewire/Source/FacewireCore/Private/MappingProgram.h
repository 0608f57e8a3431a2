#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "FacewireCore/CurveMapper.h"

namespace facewire {

/// An input that a source has and a table reads; others read 0.
struct ProgramInput {
    /// A place in kMappingInputs.
    std::uint32_t input = 0;
    /// Where its value stands in the face row or the gaze.
    std::uint32_t column = 0;
    /// -1 when a mirror changes its sign.
    double sign = 1;
};

/// One term of a curve.
struct ProgramTerm {
    double gain = 0;
    std::size_t input = 0;
};

/// A stretch of a response: from `value` on the result is `result` plus slope times the rest.
struct ProgramPoint {
    double value = 0;
    double result = 0;
    double slope = 0;
};

/// A curve whose parts lie in the program's lists, behind those of the curve before.
struct ProgramCurve {
    double offset = 0;
    double low = 0;
    double high = 1;
    /// Ends in the lists; the starts are the ends of the curve before.
    std::uint32_t termsEnd = 0;
    std::uint32_t ratiosEnd = 0;
    std::uint32_t pointsEnd = 0;
};

/// A table compiled for one source: flat lists in the order of evaluation.
struct MappingProgram {
    std::vector<std::string> names;
    /// Read from the face row.
    std::vector<ProgramInput> faceInputs;
    /// Read from the gaze.
    std::vector<ProgramInput> gazeInputs;
    /// Values of a face row.
    std::size_t rowSize = 0;
    bool gaze = false;
    /// What jawOpen gains of mouthClose: 1 from A2F to ARKit, -1 back, 0 for nothing.
    double jawGain = 0;
    std::vector<ProgramTerm> terms;
    std::vector<MappingRatio> ratios;
    std::vector<ProgramPoint> points;
    std::vector<ProgramCurve> curves;
    std::vector<MappingShare> shares;
};

/// Compile a table, see CurveMapper::make().
Result<MappingProgram> compileMapping(const MappingTable& table, const FaceSource& source);

/// Map one row whose sizes have been checked; no gaze stands for one straight ahead.
void runMapping(const MappingProgram& program, Span<const float> face, Span<const float> eyes,
                Span<float> out) noexcept;

}  // namespace facewire
