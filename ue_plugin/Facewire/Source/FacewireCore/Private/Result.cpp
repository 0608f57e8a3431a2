#include "FacewireCore/Result.h"

#include <array>

namespace facewire {

namespace {

/// In the order of ErrorCode.
constexpr std::array<std::string_view, kErrorCodeCount> kErrorWireNames = {
    "unauthorized",     "hello_required",    "already_greeted", "version_refused",  "malformed",
    "too_large",        "unsupported",       "out_of_range",    "unknown_stream",   "stream_exists",
    "too_many_streams", "too_many_sessions", "unknown_model",   "unknown_identity", "unknown_rig",
    "wrong_generation", "out_of_sequence",   "credit_exceeded", "ring_mismatch",    "audio_ended",
    "draining",         "internal",
};

}  // namespace

Result<void>::Result() noexcept = default;
Result<void>::Result(Error error) : _error(std::move(error)) {}
Result<void>::Result(const Result& other) = default;
Result<void>::Result(Result&& other) noexcept = default;
Result<void>& Result<void>::operator=(const Result& other) = default;
Result<void>& Result<void>::operator=(Result&& other) noexcept = default;
Result<void>::~Result() = default;

std::string_view wireName(ErrorCode code) noexcept {
    const auto index = static_cast<std::size_t>(code);
    return index < kErrorWireNames.size() ? kErrorWireNames[index] : "internal";
}

std::optional<ErrorCode> errorCodeFromWireName(std::string_view name) noexcept {
    for (std::size_t index = 0; index < kErrorWireNames.size(); ++index) {
        if (kErrorWireNames[index] == name) return static_cast<ErrorCode>(index);
    }
    return std::nullopt;
}

}  // namespace facewire
