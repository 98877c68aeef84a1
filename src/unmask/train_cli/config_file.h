#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "unmask/train_cli/arguments.h"

namespace CLI {
class App;
}

namespace unmask {

// Options of training in a TOML file: the names of the command line without their dashes, and
// tables for what has parts.
//
//   stores = ["faces"]
//   learning-rate = 3e-4
//   summary = "what the file is for, in a line"; of no consequence
//   best = true
//
//   [loss-options.arcface]   # a table for any loss; that of the chosen one counts
//   scale = 30
//
//   [degradations.blur]      # see docs/augmentation.md
//   probability = 0.3
//   range = [0.5, 2]
//
// Folders and files are relative to where the program runs.

// Fills the options that the command line has not given. Throws UsageError naming file, line and
// key for what is unknown or of the wrong type.
void ReadConfig(const std::filesystem::path& path, CLI::App& app, TrainArguments& arguments);

// Gives an option, such as "--steps" or "STORES", these values as if the command line had.
void SetOption(CLI::App& app, const std::string& name, const std::vector<std::string>& values);

// All options as such a file, each with its help; `app` has been parsed and filled. Folders and
// files are written with their full paths, so that the file means the same from anywhere.
std::string FormatConfig(const CLI::App& app, const TrainArguments& arguments);

}  // namespace unmask
