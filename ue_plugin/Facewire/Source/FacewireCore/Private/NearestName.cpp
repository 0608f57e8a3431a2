#include "NearestName.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace facewire {

namespace {

/// Two names that are alike have at least this part of their characters in common runs.
constexpr double kNearestCutoff = 0.6;

/// A run of equal characters in two texts.
struct CommonRun {
    std::size_t left = 0;
    std::size_t right = 0;
    std::size_t size = 0;
};

/// The longest run; of several the one that starts first on the left, then on the right.
CommonRun longestCommonRun(std::string_view left, std::string_view right) {
    CommonRun best;
    // sizes[j]: length of the run that ends with the previous left character and right[j - 1].
    std::vector<std::size_t> sizes(right.size() + 1);
    for (std::size_t i = 0; i < left.size(); ++i) {
        for (std::size_t j = right.size(); j > 0; --j) {  // backwards: sizes[j - 1] is still old
            sizes[j] = left[i] == right[j - 1] ? sizes[j - 1] + 1 : 0;
        }
        for (std::size_t j = 1; j <= right.size(); ++j) {
            if (sizes[j] > best.size) best = {i + 1 - sizes[j], j - sizes[j], sizes[j]};
        }
    }
    return best;
}

/// Characters in common runs: the longest one, and those to both sides of it.
std::size_t commonCharacters(std::string_view left, std::string_view right) {
    const CommonRun run = longestCommonRun(left, right);
    if (run.size == 0) return 0;
    return run.size + commonCharacters(left.substr(0, run.left), right.substr(0, run.right)) +
           commonCharacters(left.substr(run.left + run.size), right.substr(run.right + run.size));
}

double likeness(std::size_t common, std::size_t characters) {
    return characters == 0 ? 1.0
                           : 2.0 * static_cast<double>(common) / static_cast<double>(characters);
}

}  // namespace

std::string withoutCase(std::string_view name) {
    std::string lower(name);
    for (char& letter : lower) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return lower;
}

std::optional<std::string_view> nearestName(std::string_view name,
                                            Span<const std::string_view> known) {
    std::optional<std::string_view> nearest;
    std::pair<double, std::string> best(kNearestCutoff, "");
    for (const std::string_view each : known) {
        const std::size_t characters = name.size() + each.size();
        // Names of very different lengths cannot be alike; this also bounds the work on a long one.
        const std::size_t shorter = name.size() < each.size() ? name.size() : each.size();
        if (likeness(shorter, characters) < kNearestCutoff) continue;
        std::string key = withoutCase(each);
        const double alike = likeness(commonCharacters(key, withoutCase(name)), characters);
        std::pair<double, std::string> found(alike, std::move(key));
        if (found < best) continue;
        best = std::move(found);
        nearest = each;
    }
    return nearest;
}

}  // namespace facewire
