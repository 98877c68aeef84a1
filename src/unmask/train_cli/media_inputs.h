#pragma once

#include "unmask/train_cli/arguments.h"

namespace CLI {
class App;
}

namespace unmask {

// Where some of STORES are videos, pictures or folders of them: has `unmask prepare` look for their
// faces, all real, with its progress on standard error, and puts the store that it makes, `faces`
// in the folder of the run, in their place. Who is held out stands in clips.csv beside it. What an
// earlier call did is gone on with. Says how many people and faces there are.
//
// Unless `keep_forgery`, forgeries that need another person's face are left out where a split has
// one person only.
//
// Of processes that train together, each expects the store to be there. Throws UsageError for
// options that do not fit, Error for media that cannot be trained on, Cancelled.
void PrepareMediaInputs(CLI::App& app, TrainArguments& arguments, bool keep_forgery);

}  // namespace unmask
