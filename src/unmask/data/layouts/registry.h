#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "unmask/data/layouts/layout.h"

namespace unmask {

// The only list of layouts.
std::span<const Layout> Layouts();

// Throws UsageError suggesting the nearest name.
const Layout& FindLayout(std::string_view name);

// The layout that `root` fits; null when none does. Throws UsageError when several do.
const Layout* RecogniseLayout(const std::filesystem::path& root);

// The files of the data set in `root`, in the order of their classes. Throws UsageError for an
// option the layout does not take, and Error when the folder does not fit (naming what was looked
// for), when a list of the data set is broken, when a class asked for is not there, and when a
// person is in two splits.
Listing ListDataset(const Layout& layout, const std::filesystem::path& root,
                    const LayoutOptions& options);

}  // namespace unmask
