#pragma once

#include <cstddef>
#include <utility>

namespace facewire {

/// A run of items owned by somebody else (C++17 has no std::span).
///
/// Span<const float> may be read, Span<float> also written.
template <typename Item>
class Span {
public:
    /// An empty run.
    constexpr Span() noexcept = default;

    /// `size` items at `items`; `items` may be null only when `size` is 0.
    constexpr Span(Item* items, std::size_t size) noexcept : _items(items), _size(size) {}

    /// The items of anything that stores them in one block, such as std::vector or std::array.
    template <typename Container, typename = decltype(std::declval<Container&>().data())>
    constexpr Span(Container& container) noexcept
        : _items(container.data()), _size(container.size()) {}

    /// The first item; may be null when empty().
    constexpr Item* data() const noexcept { return _items; }
    /// Number of items.
    constexpr std::size_t size() const noexcept { return _size; }
    constexpr bool empty() const noexcept { return _size == 0; }
    constexpr Item* begin() const noexcept { return _items; }
    constexpr Item* end() const noexcept { return _items + _size; }

    /// The item at `index`, which must be less than size().
    constexpr Item& operator[](std::size_t index) const noexcept { return _items[index]; }

private:
    Item* _items = nullptr;
    std::size_t _size = 0;
};

}  // namespace facewire
