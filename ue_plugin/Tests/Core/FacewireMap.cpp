// Maps face rows by a curve table, so that the daemon's mapper and this one can be compared.
//
//   facewire_map TABLE.json [--gaze] [--mouth-close a2f] [--mirror] [--time]
//
// Standard input: float32 rows of 75, the 71 face curves and 4 gaze angles, in the machine's byte
// order. Standard output: float32 rows of the table's curves; with --time instead the nanoseconds
// per row. Exit status 1, with the reason on standard error, for a table or option it does not
// take.

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "FacewireCore/CurveMapper.h"

namespace {

using namespace facewire;

struct Options {
    std::string tablePath;
    FaceSource source;
    bool measuresTime = false;
};

int refuse(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    return 1;
}

/// False for arguments it does not know.
bool parse(int count, char** arguments, Options& options) {
    if (count < 2) return false;
    options.tablePath = arguments[1];
    for (int index = 2; index < count; ++index) {
        const std::string argument = arguments[index];
        if (argument == "--gaze") {
            options.source.gaze = true;
        } else if (argument == "--mirror") {
            options.source.mirror = true;
        } else if (argument == "--time") {
            options.measuresTime = true;
        } else if (argument == "--mouth-close" && index + 1 < count) {
            index += 1;
            const std::string meaning = arguments[index];
            if (meaning != "a2f" && meaning != "arkit") return false;
            options.source.mouthClose = meaning == "a2f" ? MouthMeaning::A2f : MouthMeaning::Arkit;
        } else {
            return false;
        }
    }
    return true;
}

/// The bytes of a file; none when it cannot be opened.
std::vector<std::uint8_t> readFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// All rows of standard input.
std::vector<float> readRows() {
    static constexpr std::size_t kStep = kMappingInputCount * 1024;
    std::vector<float> rows;
    std::size_t got = kStep;
    while (got == kStep) {
        const std::size_t before = rows.size();
        rows.resize(before + kStep);
        got = std::fread(rows.data() + before, sizeof(float), kStep, stdin);
        rows.resize(before + got);
    }
    return rows;
}

bool mapAll(const CurveMapper& mapper, const std::vector<float>& rows, std::vector<float>& out) {
    const std::size_t curves = mapper.names().size();
    const std::size_t count = rows.size() / kMappingInputCount;
    bool fits = true;
    for (std::size_t row = 0; row < count; ++row) {
        const float* const face = rows.data() + row * kMappingInputCount;
        fits = mapper.apply({face, kFaceCurveCount}, {face + kFaceCurveCount, kGazeAngleCount},
                            {out.data() + row * curves, curves}) &&
               fits;
    }
    return fits;
}

void printTime(const CurveMapper& mapper, const std::vector<float>& rows, std::vector<float>& out) {
    static constexpr int kRounds = 200;
    const auto start = std::chrono::steady_clock::now();
    for (int round = 0; round < kRounds; ++round)
        (void)mapAll(mapper, rows, out);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    const std::size_t count = rows.size() / kMappingInputCount;
    std::printf("%.1f ns per row of %zu curves\n",
                took.count() / static_cast<double>(kRounds * count), mapper.names().size());
}

}  // namespace

int main(int count, char** arguments) {
    Options options;
    if (!parse(count, arguments, options)) {
        return refuse("facewire_map TABLE.json [--gaze] [--mouth-close a2f] [--mirror] [--time]");
    }
    const std::vector<std::uint8_t> text = readFile(options.tablePath);
    if (text.empty()) return refuse(options.tablePath + " is empty or cannot be read.");
    const auto table = readMappingTable(text);
    if (!table) return refuse(table.error().text);
    const auto mapper = CurveMapper::make(table.value(), options.source);
    if (!mapper) return refuse(mapper.error().text);
    const std::vector<float> rows = readRows();
    if (rows.empty() || rows.size() % kMappingInputCount != 0) {
        return refuse("The input is no rows of 75 values.");
    }
    const std::size_t curves = mapper.value().names().size();
    std::vector<float> out(rows.size() / kMappingInputCount * curves);
    if (!mapAll(mapper.value(), rows, out)) return refuse("The rows do not fit the mapper.");
    if (options.measuresTime) {
        printTime(mapper.value(), rows, out);
    } else {
        std::fwrite(out.data(), sizeof(float), out.size(), stdout);
    }
    return 0;
}
