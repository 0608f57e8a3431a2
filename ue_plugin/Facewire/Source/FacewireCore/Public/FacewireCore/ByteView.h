#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace facewire {

/// A read-only run of bytes owned by somebody else (C++17 has no std::span).
class ByteView {
public:
    /// An empty view.
    constexpr ByteView() noexcept = default;

    /// A view of `size` bytes at `data`; `data` may be null only when `size` is 0.
    constexpr ByteView(const std::uint8_t* data, std::size_t size) noexcept
        : _data(data), _size(size) {}

    /// A view of anything that stores bytes in one block, such as std::vector<std::uint8_t>.
    template <typename Container>
    constexpr ByteView(const Container& container) noexcept
        : _data(container.data()), _size(container.size()) {}

    /// The first byte; may be null when empty().
    constexpr const std::uint8_t* data() const noexcept { return _data; }
    /// Number of bytes.
    constexpr std::size_t size() const noexcept { return _size; }
    constexpr bool empty() const noexcept { return _size == 0; }
    constexpr const std::uint8_t* begin() const noexcept { return _data; }
    constexpr const std::uint8_t* end() const noexcept { return _data + _size; }

    /// The byte at `index`, which must be less than size().
    constexpr std::uint8_t operator[](std::size_t index) const noexcept { return _data[index]; }

    /// `size` bytes from `offset`; the caller has checked that they lie inside.
    constexpr ByteView slice(std::size_t offset, std::size_t size) const noexcept {
        return ByteView(_data + offset, size);
    }

    /// The same bytes as characters, not checked for UTF-8.
    std::string_view text() const noexcept {
        return _size == 0 ? std::string_view()
                          : std::string_view(reinterpret_cast<const char*>(_data), _size);
    }

private:
    const std::uint8_t* _data = nullptr;
    std::size_t _size = 0;
};

}  // namespace facewire
