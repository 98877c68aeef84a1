#pragma once

#include "unmask/losses/registry.h"

namespace unmask {

// What the table of losses points at; one file each.
LossMaker AmSoftmaxMaker();
LossMaker ArcFaceMaker();
LossMaker ASoftmaxMaker();
LossMaker CenterMaker();
LossMaker CocoMaker();
LossMaker FocalMaker();
LossMaker L2SoftmaxMaker();
LossMaker LSoftmaxMaker();
LossMaker SoftmaxMaker();
LossMaker SupervisedContrastiveMaker();

}  // namespace unmask
