// Drives LLVMFuzzerTestOneInput without libFuzzer: replays the seeds, then mutates them for some
// seconds. Usage: facewire_fuzz SECONDS SEED < SEEDS, one hexadecimal input per line.
//
// The same SEED and SEEDS give the same inputs; the last one is printed when the program dies.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "Hex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#endif

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes currentInput;

void printCurrentInput() {
    const std::string hex = facewire::testing::hexFromBytes(currentInput);
    std::fprintf(stderr, "input: %s\n", hex.c_str());
}

void onAbort(int) {
    printCurrentInput();
    std::_Exit(1);
}

class Mutator {
public:
    Mutator(std::vector<Bytes> seeds, unsigned seed) : _seeds(std::move(seeds)), _random(seed) {}

    /// One of the seeds with one to eight changes.
    Bytes next() {
        Bytes bytes = anySeed();
        for (std::size_t changes = 1 + below(8); changes > 0; --changes)
            change(bytes);
        return bytes;
    }

private:
    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : _random() % bound; }

    const Bytes& anySeed() { return _seeds[below(_seeds.size())]; }

    std::ptrdiff_t anyPlace(const Bytes& bytes) {
        return static_cast<std::ptrdiff_t>(below(bytes.size() + 1));
    }

    /// A byte that means something to MessagePack more often than not.
    std::uint8_t anyByte() {
        static constexpr std::uint8_t kTelling[] = {0x00, 0x01, 0x7f, 0x80, 0x81, 0x90, 0x91, 0xa0,
                                                    0xc0, 0xc1, 0xc3, 0xc4, 0xca, 0xcb, 0xcf, 0xd3,
                                                    0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff};
        const std::size_t choice = below(2 * sizeof kTelling);
        return choice < sizeof kTelling ? kTelling[choice] : static_cast<std::uint8_t>(_random());
    }

    void change(Bytes& bytes) {
        const std::ptrdiff_t at = anyPlace(bytes);
        const std::size_t rest = bytes.size() - static_cast<std::size_t>(at);
        const auto length = static_cast<std::ptrdiff_t>(below(rest + 1));
        switch (below(6)) {
            case 0:
                if (rest > 0) bytes[static_cast<std::size_t>(at)] = anyByte();
                break;
            case 1:
                if (rest > 0)
                    bytes[static_cast<std::size_t>(at)] ^=
                        static_cast<std::uint8_t>(1U << below(8));
                break;
            case 2:
                bytes.insert(bytes.begin() + at, anyByte());
                break;
            case 3:
                bytes.erase(bytes.begin() + at, bytes.begin() + at + length % 16);
                break;
            case 4: {
                const Bytes piece(bytes.begin() + at, bytes.begin() + at + length);
                const std::ptrdiff_t to = anyPlace(bytes);
                bytes.insert(bytes.begin() + to, piece.begin(), piece.end());
                break;
            }
            default: {
                const Bytes& other = anySeed();
                const std::ptrdiff_t from = anyPlace(other);
                bytes.erase(bytes.begin() + at, bytes.end());
                bytes.insert(bytes.end(), other.begin() + from, other.end());
                break;
            }
        }
    }

    std::vector<Bytes> _seeds;
    std::mt19937_64 _random;
};

void run(const Bytes& input) {
    // A copy has no spare capacity, so that AddressSanitizer sees one byte read too many.
    currentInput = Bytes(input.begin(), input.end());
    LLVMFuzzerTestOneInput(currentInput.data(), currentInput.size());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::chrono::duration<double> budget(std::atof(argv[1]));
    std::signal(SIGABRT, onAbort);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_set_death_callback(printCurrentInput);
#endif
    std::vector<Bytes> seeds;
    for (std::string line; std::getline(std::cin, line);) {
        seeds.push_back(facewire::testing::bytesFromHex(line));
        run(seeds.back());
    }
    if (seeds.empty()) return 2;
    Mutator mutator(std::move(seeds), static_cast<unsigned>(std::atoi(argv[2])));
    const auto start = std::chrono::steady_clock::now();
    long inputs = 0;
    while (std::chrono::steady_clock::now() - start < budget) {
        run(mutator.next());
        inputs += 1;
    }
    std::printf("%ld inputs\n", inputs);
    return 0;
}
