#pragma once

#include <vector>

#include "TableFields.h"
#include "TableNames.h"

namespace facewire::tables {

/// Refuse what is wrong in the parts of a table that make no curve: titles, sides, mirrors,
/// sources, drops, sums and reverse. Only the daemon and its tools read them, but a table loads in
/// both or in none.
///
/// @param curves The entries of `curves`, in order.
void checkNotes(Refusals& refusals, const Fields& table, const std::vector<JsonValue>& curves,
                const CurveNames& names);

}  // namespace facewire::tables
