#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace facewire {

/// Curves of a face row: 52 of ARKit, 16 of the tongue, 3 of the head.
inline constexpr std::size_t kFaceCurveCount = 71;
/// Angles of the two eyes.
inline constexpr std::size_t kGazeAngleCount = 4;
/// All that a curve table may read.
inline constexpr std::size_t kMappingInputCount = kFaceCurveCount + kGazeAngleCount;

// clang-format off: 75 lines of one name each would hide the order.

/// Names of what a curve table may read: the curves of a face row in its order, then the gaze.
///
/// The curves are weights, but for the head's: those are normalised, 1 is 50 degrees. Gaze angles
/// are degrees in the order of the wire's `eyes`; pitch > 0 looks down, yaw > 0 to the character's
/// left.
inline constexpr std::array<std::string_view, kMappingInputCount> kMappingInputs = {
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
    "eyeSquintLeft", "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight",
    "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight", "eyeWideRight", "jawForward", "jawLeft",
    "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft",
    "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft",
    "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft", "browDownRight",
    "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
    "tongueTipUp", "tongueTipDown", "tongueTipLeft", "tongueTipRight", "tongueRollUp",
    "tongueRollDown", "tongueRollLeft", "tongueRollRight", "tongueUp", "tongueDown", "tongueLeft",
    "tongueRight", "tongueIn", "tongueStretch", "tongueWide", "tongueNarrow",
    "headRoll", "headPitch", "headYaw",
    "eyePitchRight", "eyeYawRight", "eyePitchLeft", "eyeYawLeft"};

// clang-format on

/// The place in kMappingInputs of a name in camelCase or PascalCase.
std::optional<std::size_t> mappingInputOf(std::string_view name) noexcept;

/// The place of one of kMappingInputs, for code that means a certain one.
constexpr std::size_t placeOfMappingInput(std::string_view camelCaseName) noexcept {
    std::size_t place = 0;
    while (place < kMappingInputCount && kMappingInputs[place] != camelCaseName)
        place += 1;
    return place;
}

/// Whether the place is that of a gaze angle.
constexpr bool isGazeAngle(std::size_t place) noexcept {
    return place >= kFaceCurveCount;
}

/// Whether the place is that of one of the eight `eyeLook*` weights.
constexpr bool isEyeLook(std::size_t place) noexcept {
    return kMappingInputs[place].substr(0, 7) == "eyeLook";
}

/// An input of the other side of the face, and -1 where its value changes sign there.
struct MirroredInput {
    std::size_t place;
    double sign;
};

/// What an input becomes in a mirror; itself when it has no side.
MirroredInput mirroredMappingInput(std::size_t place) noexcept;

}  // namespace facewire
