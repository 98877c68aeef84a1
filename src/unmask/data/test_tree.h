#pragma once

// For tests of layouts: a folder with small files in it, and what a layout makes of it.

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/base/temporary_folder.h"
#include "unmask/base/text.h"
#include "unmask/data/layouts/registry.h"

namespace unmask {

class TestTree {
 public:
  const std::filesystem::path& root() const { return folder_.path(); }

  void Write(const std::string& name, const std::string& text = "") const {
    std::filesystem::create_directories((root() / name).parent_path());
    std::ofstream(root() / name) << text;
  }
  void Fill(const std::string& folder, const std::vector<std::string>& names) const {
    for (const std::string& name : names) Write(folder + "/" + name);
  }
  void Remove(const std::string& name) const { std::filesystem::remove_all(root() / name); }

  // What `layout` lists, by file name relative to the root: "class label split identity".
  std::map<std::string, std::string> Rows(const std::string& layout,
                                          const LayoutOptions& options = {}) const {
    std::map<std::string, std::string> rows;
    for (const PrepareInput& i : ListDataset(FindLayout(layout), root(), options).inputs) {
      rows[i.file.lexically_relative(root()).string()] =
          i.class_name + " " + std::to_string(i.label) + " " + i.split + " " + i.identity;
    }
    return rows;
  }

  // Its notes, one a line.
  std::string Notes(const std::string& layout, const LayoutOptions& options = {}) const {
    return Join(ListDataset(FindLayout(layout), root(), options).notes, "\n");
  }

  // The error with which it refuses, or "".
  std::string Refusal(const std::string& layout, const LayoutOptions& options = {}) const {
    try {
      ListDataset(FindLayout(layout), root(), options);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace unmask
