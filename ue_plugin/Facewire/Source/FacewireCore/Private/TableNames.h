#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "FacewireCore/MappingInputs.h"
#include "FacewireCore/MappingTable.h"
#include "TableFields.h"

namespace facewire::tables {

/// The curves of a table by their exact names; the curves must outlive it.
class CurveNames {
public:
    explicit CurveNames(const std::vector<MappingCurve>& curves);

    /// The place of a curve; 0, with a refusal, when there is none of the name.
    std::size_t find(Refusals& refusals, std::string_view name, const Place& place) const;

private:
    std::vector<std::string_view> _names;
    /// Sorted by name.
    std::vector<std::pair<std::string_view, std::size_t>> _places;
};

/// The inputs that the keys of one object name, each once.
class InputNames {
public:
    /// The place in kMappingInputs; 0, with a refusal, for no input or one that was there before.
    std::size_t take(Refusals& refusals, const JsonEntry& entry, const Place& object,
                     std::string_view hintForTwice);

private:
    std::array<bool, kMappingInputCount> _isThere{};
};

}  // namespace facewire::tables
