#include "Check.h"
#include "FacewireCore/Result.h"

using facewire::Error;
using facewire::ErrorCode;
using facewire::Result;
using facewire::Status;

FACEWIRE_TEST("a result holds its value") {
    Result<std::string> result(std::string("hello"));

    FACEWIRE_REQUIRE(result.ok());
    FACEWIRE_CHECK_EQUAL(result.value(), "hello");
    const std::string moved = std::move(result).value();
    FACEWIRE_CHECK_EQUAL(moved, "hello");
}

FACEWIRE_TEST("a refused result holds code, text and field") {
    const Result<int> result(Error{ErrorCode::OutOfRange, "Too many.", "channels"});

    FACEWIRE_REQUIRE(!result);
    FACEWIRE_CHECK(result.error().code == ErrorCode::OutOfRange);
    FACEWIRE_CHECK_EQUAL(result.error().text, "Too many.");
    FACEWIRE_CHECK_EQUAL(result.error().field, "channels");
}

FACEWIRE_TEST("a status is success until it is given an error") {
    FACEWIRE_CHECK(Status().ok());
    FACEWIRE_CHECK(!Status(Error{ErrorCode::Draining, "", ""}).ok());
}

FACEWIRE_TEST("every error code has its own wire name and comes back from it") {
    for (std::size_t index = 0; index < facewire::kErrorCodeCount; ++index) {
        const auto code = static_cast<ErrorCode>(index);
        FACEWIRE_CHECK(!facewire::wireName(code).empty());
        FACEWIRE_CHECK(facewire::errorCodeFromWireName(facewire::wireName(code)) == code);
    }
    FACEWIRE_CHECK_EQUAL(facewire::wireName(ErrorCode::Unauthorized), "unauthorized");
    FACEWIRE_CHECK_EQUAL(facewire::wireName(ErrorCode::RingMismatch), "ring_mismatch");
}

FACEWIRE_TEST("a code of a later version is unknown, not an error of another kind") {
    FACEWIRE_CHECK(!facewire::errorCodeFromWireName("made_up").has_value());
    FACEWIRE_CHECK(!facewire::errorCodeFromWireName("").has_value());
}
