#pragma once

#include <filesystem>
#include <vector>

#include "unmask/data/prepare.h"

namespace unmask {

// What `unmask prepare` does with stores that are there: each prints its result and returns the
// exit code.

// --check STORE
int RunStoreCheck(const std::filesystem::path& store, int threads, bool json);

// --merge STORE… --out STORE
int RunStoreMerge(const std::vector<std::filesystem::path>& stores,
                  const std::filesystem::path& out, bool json);

// --sheet PICTURE
void WriteStoreSheet(const std::filesystem::path& store, const std::filesystem::path& picture);

// What preparing came to.
void PrintPrepared(const PrepareResult& result, const std::filesystem::path& out, bool json);

}  // namespace unmask
