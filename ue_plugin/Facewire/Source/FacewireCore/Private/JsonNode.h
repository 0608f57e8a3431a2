#pragma once

#include <cstdint>
#include <string_view>

#include "FacewireCore/JsonReader.h"

namespace facewire {

/// One value of a JsonDocument.
struct JsonNode {
    JsonType type = JsonType::Null;
    bool flag = false;
    /// The byte of the text where it starts.
    std::uint32_t offset = 0;
    /// Items or entries directly inside.
    std::uint32_t count = 0;
    /// Nodes from this one to its end, itself counted; what is inside follows it in memory.
    std::uint32_t nodes = 1;
    double number = 0;
    std::string_view text;
};

}  // namespace facewire
