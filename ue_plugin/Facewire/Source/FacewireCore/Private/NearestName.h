#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "FacewireCore/Span.h"

namespace facewire {

/// `name` with ASCII letters in lower case: names that give the same are one name to Unreal.
std::string withoutCase(std::string_view name);

/// The known name that is most like a mistyped one, whatever its case; nothing if none is.
///
/// The same choice as the daemon's `difflib.get_close_matches` with its default cutoff, so that
/// people get the same hint from both; bytes take the place of characters.
std::optional<std::string_view> nearestName(std::string_view name,
                                            Span<const std::string_view> known);

}  // namespace facewire
