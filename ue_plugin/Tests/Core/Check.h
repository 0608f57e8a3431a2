#pragma once

#include <string>
#include <string_view>
#include <type_traits>

// A test harness of one page: no framework to fetch, and the same binary runs under sanitizers.

namespace facewire::testing {

using TestBody = void (*)();

/// Adds a test to the list that main() runs; `name` is a sentence.
struct Registration {
    Registration(const char* file, const char* name, TestBody body);
};

/// Count one failed check of the running test and print where it stands.
void fail(const char* file, int line, const std::string& what);

/// Text of a number or a string, for the failure; <sstream> would cost each test file a second.
template <typename Value>
std::string shown(const Value& value) {
    if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
        return "\"" + std::string(std::string_view(value)) + "\"";
    } else {
        return std::to_string(value);
    }
}

template <typename Left, typename Right>
void checkEqual(const Left& left, const Right& right, const char* text, const char* file,
                int line) {
    if (left == right) return;
    fail(file, line, std::string(text) + ": " + shown(left) + " is not " + shown(right));
}

}  // namespace facewire::testing

#define FACEWIRE_JOIN_(left, right) left##right
#define FACEWIRE_JOIN(left, right) FACEWIRE_JOIN_(left, right)

/// Defines a test; the argument is a sentence that says what holds.
#define FACEWIRE_TEST(sentence)                                                               \
    static void FACEWIRE_JOIN(testBody, __LINE__)();                                          \
    static const ::facewire::testing::Registration FACEWIRE_JOIN(testRegistration, __LINE__)( \
        __FILE__, sentence, FACEWIRE_JOIN(testBody, __LINE__));                               \
    static void FACEWIRE_JOIN(testBody, __LINE__)()

/// Goes on after a failure, so that one run shows all of them.
#define FACEWIRE_CHECK(condition)                                                    \
    do {                                                                             \
        if (!(condition)) ::facewire::testing::fail(__FILE__, __LINE__, #condition); \
    } while (false)

/// Leaves the test: what follows would make no sense.
#define FACEWIRE_REQUIRE(condition)                                    \
    do {                                                               \
        if (!(condition)) {                                            \
            ::facewire::testing::fail(__FILE__, __LINE__, #condition); \
            return;                                                    \
        }                                                              \
    } while (false)

#define FACEWIRE_CHECK_EQUAL(left, right) \
    ::facewire::testing::checkEqual(left, right, #left, __FILE__, __LINE__)
