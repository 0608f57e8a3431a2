#pragma once

#include <cstddef>

namespace facewire::testing {

/// Bytes that the whole program ever asked operator new for; never goes down.
std::size_t allocatedBytes() noexcept;

}  // namespace facewire::testing
