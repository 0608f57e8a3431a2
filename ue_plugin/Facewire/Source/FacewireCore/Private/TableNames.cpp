#include "TableNames.h"

#include <algorithm>

namespace facewire::tables {

CurveNames::CurveNames(const std::vector<MappingCurve>& curves) {
    for (const MappingCurve& curve : curves) {
        _places.emplace_back(curve.name, _names.size());
        _names.push_back(curve.name);
    }
    std::sort(_places.begin(), _places.end());
}

std::size_t CurveNames::find(Refusals& refusals, std::string_view name, const Place& place) const {
    const auto found =
        std::lower_bound(_places.begin(), _places.end(), std::pair(name, std::size_t{0}));
    if (found != _places.end() && found->first == name) return found->second;
    refusals.addUnknown(place, "curve", name, _names, "Name a curve of this table.");
    return 0;
}

std::size_t InputNames::take(Refusals& refusals, const JsonEntry& entry, const Place& object,
                             std::string_view hintForTwice) {
    Place here = object;
    here.offset = entry.keyOffset;
    const std::size_t input = refusals.input(entry.key, here);
    if (_isThere[input]) {
        refusals.add(here, "the input " + quoted(kMappingInputs[input]) + " is there twice.",
                     hintForTwice);
    }
    _isThere[input] = true;
    return input;
}

}  // namespace facewire::tables
