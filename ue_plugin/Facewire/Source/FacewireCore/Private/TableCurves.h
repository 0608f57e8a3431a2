#pragma once

#include "FacewireCore/MappingTable.h"
#include "TableFields.h"

namespace facewire::tables {

/// Read the entry with this number, from 1, of a table's `curves`.
MappingCurve readCurve(Refusals& refusals, JsonValue entry, std::size_t number, const Place& table);

}  // namespace facewire::tables
