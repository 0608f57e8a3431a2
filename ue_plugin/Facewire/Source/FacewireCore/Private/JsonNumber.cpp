#include "JsonNumber.h"

#include <cfloat>
#include <charconv>
#include <locale>
#include <sstream>
#include <string>

namespace facewire {

std::optional<double> doubleFromJsonByStream(std::string_view text) {
    std::istringstream stream{std::string(text)};
    stream.imbue(std::locale::classic());  // a process may have set one with a decimal comma
    double number = 0;
    stream >> number;
    // Libraries call both ends of the range a failure; the value they leave tells which it was.
    const double magnitude = number < 0 ? -number : number;
    if (magnitude > DBL_MAX || (stream.fail() && magnitude == DBL_MAX)) return std::nullopt;
    return number;
}

std::optional<double> doubleFromJson(std::string_view text) {
#if defined(__cpp_lib_to_chars)
    double number = 0;
    const char* const end = text.data() + text.size();
    if (std::from_chars(text.data(), end, number).ec == std::errc()) return number;
#endif
    return doubleFromJsonByStream(text);
}

}  // namespace facewire
