#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "unmask/train/options.h"

namespace CLI {
class App;
}

namespace unmask {

// What the command line and the file of options say, before it becomes TrainOptions.
struct TrainArguments {
  TrainOptions options;
  std::string init = "imagenet";  // see FirstWeights()
  std::string general = "none";   // see GeneralWeights()
  std::string precision = "bf16";
  std::vector<std::string> loss_options;  // "name=value"
  // Parameters of losses from the file, by loss and name, each value as JSON text.
  std::map<std::string, std::map<std::string, std::string>> loss_tables;
  std::vector<std::string> degradations;  // "blur=0.3", see DegradationLevels::Set()
  std::string recipe;                     // see FindRecipe()
  std::filesystem::path config;
  bool print_config = false;
  std::filesystem::path sheet;
  std::string sheet_of = "pairs";
  int processes = 1;
  bool json = false;
};

// Declares the options of `unmask train`. What the file of options may hold is marked as CLI11's
// "configurable".
void AddTrainArguments(CLI::App& app, TrainArguments& arguments);

// The table of losses with their parameters, for the end of the help.
std::string DescribeLosses();

// The parameters of the chosen loss that were given, each value as JSON text: those of the file,
// and before them those of the command line. Throws UsageError for one without a value.
std::map<std::string, std::string> GivenLossOptions(const TrainArguments& arguments);

// The table of degradations, for the end of the help.
std::string DescribeDegradations();

// The levels of the file, changed by the command line. Throws UsageError.
DegradationLevels GivenDegradations(const TrainArguments& arguments);

// The options that the arguments stand for. Throws UsageError for what fits no option.
TrainOptions ResolveArguments(const TrainArguments& arguments);

}  // namespace unmask
