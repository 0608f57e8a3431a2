#include "Check.h"

#include <cstdio>
#include <cstring>
#include <vector>

namespace facewire::testing {

namespace {

struct RegisteredTest {
    const char* file;
    const char* name;
    TestBody body;
};

std::vector<RegisteredTest>& registeredTests() {
    static std::vector<RegisteredTest> tests;
    return tests;
}

int failedChecks = 0;

/// Run the tests of files whose name contains `filter`; the number of failed tests, or -1 for none.
int runTests(const char* filter) {
    int run = 0;
    int failed = 0;
    for (const RegisteredTest& test : registeredTests()) {
        if (std::strstr(test.file, filter) == nullptr) continue;
        const int before = failedChecks;
        test.body();
        run += 1;
        if (failedChecks == before) continue;
        failed += 1;
        std::printf("FAILED: %s\n", test.name);
    }
    std::printf("%d tests, %d failed\n", run, failed);
    return run == 0 ? -1 : failed;
}

}  // namespace

Registration::Registration(const char* file, const char* name, TestBody body) {
    registeredTests().push_back({file, name, body});
}

void fail(const char* file, int line, const std::string& what) {
    failedChecks += 1;
    std::printf("%s:%d: %s\n", file, line, what.c_str());
}

}  // namespace facewire::testing

int main(int argc, char** argv) {
    const int failed = facewire::testing::runTests(argc > 1 ? argv[1] : "");
    return failed == 0 ? 0 : 1;
}
