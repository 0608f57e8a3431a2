#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace facewire {

/// Why something was refused. The names on the wire are those of REGISTRY, see wireName().
enum class ErrorCode : std::uint8_t {
    Unauthorized,
    HelloRequired,
    AlreadyGreeted,
    VersionRefused,
    Malformed,
    TooLarge,
    Unsupported,
    OutOfRange,
    UnknownStream,
    StreamExists,
    TooManyStreams,
    TooManySessions,
    UnknownModel,
    UnknownIdentity,
    UnknownRig,
    WrongGeneration,
    OutOfSequence,
    CreditExceeded,
    RingMismatch,
    AudioEnded,
    Draining,
    Internal,
};

/// Number of error codes; they count from 0.
inline constexpr std::size_t kErrorCodeCount = static_cast<std::size_t>(ErrorCode::Internal) + 1;

/// The REGISTRY string of a code, such as "version_refused".
std::string_view wireName(ErrorCode code) noexcept;

/// The code of a REGISTRY string; nothing when this version does not know it.
std::optional<ErrorCode> errorCodeFromWireName(std::string_view name) noexcept;

/// A refusal: the code for programs, the sentence for people, the header key it is about.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    /// One sentence; never holds audio, tokens or keys.
    std::string text;
    /// Header key at fault; empty when it is the whole message.
    std::string field;
};

/// A value or the reason why there is none. Asking for the wrong one is a bug of the caller.
template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : _state(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : _state(std::in_place_index<1>, std::move(error)) {}

    /// True when there is a value.
    bool ok() const noexcept { return _state.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    /// The value; only when ok().
    const T& value() const& noexcept {
        assert(ok());
        return *std::get_if<0>(&_state);
    }
    T& value() & noexcept {
        assert(ok());
        return *std::get_if<0>(&_state);
    }
    T&& value() && noexcept {
        assert(ok());
        return std::move(*std::get_if<0>(&_state));
    }

    /// The reason; only when not ok().
    const Error& error() const& noexcept {
        assert(!ok());
        return *std::get_if<1>(&_state);
    }
    Error&& error() && noexcept {
        assert(!ok());
        return std::move(*std::get_if<1>(&_state));
    }

private:
    std::variant<T, Error> _state;
};

/// Success without a value, or the reason why not.
template <>
class [[nodiscard]] Result<void> {
public:
    /// Success.
    Result() noexcept;
    Result(Error error);
    // Not inline: every field of every message is a Status that moves and goes.
    Result(const Result& other);
    Result(Result&& other) noexcept;
    Result& operator=(const Result& other);
    Result& operator=(Result&& other) noexcept;
    ~Result();

    bool ok() const noexcept { return !_error.has_value(); }
    explicit operator bool() const noexcept { return ok(); }

    /// The reason; only when not ok().
    const Error& error() const& noexcept {
        assert(!ok());
        return *_error;
    }
    Error&& error() && noexcept {
        assert(!ok());
        return std::move(*_error);
    }

private:
    std::optional<Error> _error;
};

/// What a check returns.
using Status = Result<void>;

}  // namespace facewire
