#pragma once

#include <filesystem>
#include <string>

namespace unmask {

// Recipes: files of options (see config_file.h) under a name, which come with the program as
// recipes/NAME.toml. Their key `summary` is a line for --help.

// The file of this name, else the recipe of this name. Throws UsageError suggesting the nearest.
std::filesystem::path FindRecipe(const std::string& name);

// The table of recipes, for the end of the help. Throws Error for a recipe that is no TOML.
std::string DescribeRecipes();

}  // namespace unmask
