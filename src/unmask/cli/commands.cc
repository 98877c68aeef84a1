#include "unmask/cli/commands.h"

namespace unmask {
namespace {

constexpr Command kCommands[] = {
    {"detect", "say whether the faces in videos and pictures are real or manipulated",
     ConfigureDetect},
    {"evaluate", "measure a model on labelled videos and pictures: accuracy, AUC, log loss",
     ConfigureEvaluate},
    {"explain", "show where in the faces a verdict comes from", ConfigureExplain},
    {"robustness", "measure what compression, scaling, filters and the like do to verdicts",
     ConfigureRobustness},
    {"fuse", "combine several models and say which differences are real", ConfigureFuse},
    {"prepare", "find and align the faces of videos and pictures, for training", ConfigurePrepare},
    {"forge", "make a manipulated copy of a video or picture", ConfigureForge},
    {"train", "train a model on prepared faces", ConfigureTrain},
    {"study", "train and compare the losses on every quality and class, and write the report",
     ConfigureStudy},
    {"embed", "map faces as a model sees them: t-SNE and PCA of its features", ConfigureEmbed},
    {"models", "show the installed models: origin, training data, licence", ConfigureModels},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace unmask
