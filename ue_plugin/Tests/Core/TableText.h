#pragma once

#include <string>
#include <string_view>

#include "FacewireCore/ByteView.h"

namespace facewire::testing {

/// The bytes of a text, which must outlive them.
inline ByteView bytesOf(std::string_view text) {
    return ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

/// The text of a curve table with these entries of `curves` and further keys.
inline std::string tableOf(std::string_view curves, std::string_view keys = {},
                           std::string_view mouthClose = "arkit") {
    std::string text = R"({"schema": "facewire-mapping/1", "name": "test", "version": "1.0.0",)";
    text.append(R"( "mouth_close": ")").append(mouthClose).append("\"");
    text.append(R"(, "curves": [)").append(curves).append("]");
    if (!keys.empty()) text.append(", ").append(keys);
    return text + "}";
}

}  // namespace facewire::testing
