#include "AllocationCount.h"

#include <cstdlib>
#include <new>

namespace facewire::testing {

namespace {

std::size_t requestedBytes = 0;  // the tests have one thread

}  // namespace

std::size_t allocatedBytes() noexcept {
    return requestedBytes;
}

static void* counted(std::size_t size) {
    requestedBytes += size;
    void* const memory = std::malloc(size);
    if (memory == nullptr) std::abort();  // operator new has no other way without exceptions
    return memory;
}

}  // namespace facewire::testing

void* operator new(std::size_t size) {
    return facewire::testing::counted(size);
}
void* operator new[](std::size_t size) {
    return facewire::testing::counted(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
