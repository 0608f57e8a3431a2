#pragma once

#include <optional>
#include <string_view>

namespace facewire {

/// The double nearest to a JSON number, whatever the locale; nothing when it is beyond all doubles.
///
/// `text` has been checked: it matches RFC 8259's grammar. A number too small becomes a zero or
/// subnormal, as nearest says.
std::optional<double> doubleFromJson(std::string_view text);

/// The same, by way of the standard library's streams.
///
/// Not every library has std::from_chars for doubles; those that lack it end up here always, the
/// others for the numbers that from_chars gives up on.
std::optional<double> doubleFromJsonByStream(std::string_view text);

}  // namespace facewire
