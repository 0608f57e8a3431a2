#include "FacewireCore/MappingInputs.h"

namespace facewire {

namespace {

constexpr char asciiLower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool endsWith(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// The input called `start` and then `end`, or `otherwise`.
std::size_t placeOfJoined(std::string_view start, std::string_view end, std::size_t otherwise) {
    for (std::size_t place = 0; place < kMappingInputCount; ++place) {
        const std::string_view name = kMappingInputs[place];
        if (name.size() == start.size() + end.size() && name.substr(0, start.size()) == start &&
            endsWith(name, end)) {
            return place;
        }
    }
    return otherwise;
}

}  // namespace

std::optional<std::size_t> mappingInputOf(std::string_view name) noexcept {
    if (name.empty()) return std::nullopt;
    for (std::size_t place = 0; place < kMappingInputCount; ++place) {
        const std::string_view known = kMappingInputs[place];
        if (asciiLower(name[0]) == known[0] && name.substr(1) == known.substr(1)) return place;
    }
    return std::nullopt;
}

MirroredInput mirroredMappingInput(std::size_t place) noexcept {
    static constexpr std::string_view kLeft = "Left";
    static constexpr std::string_view kRight = "Right";
    const std::string_view name = kMappingInputs[place];
    const bool isTurn =
        name == "headRoll" || name == "headYaw" || name == "eyeYawRight" || name == "eyeYawLeft";
    std::size_t other = place;
    if (endsWith(name, kLeft)) {
        other = placeOfJoined(name.substr(0, name.size() - kLeft.size()), kRight, place);
    } else if (endsWith(name, kRight)) {
        other = placeOfJoined(name.substr(0, name.size() - kRight.size()), kLeft, place);
    }
    return MirroredInput{other, isTurn ? -1.0 : 1.0};
}

}  // namespace facewire
