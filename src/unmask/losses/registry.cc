#include "unmask/losses/registry.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "unmask/base/text.h"
#include "unmask/losses/makers.h"

namespace unmask {

std::span<const LossKind> Losses() {
  static const LossKind losses[] = {
      // The eight of the study, in its order.
      {"softmax", "cross-entropy of a linear classifier", SoftmaxMaker()},
      {"l2_softmax", "softmax of embeddings of one length (Ranjan et al. 2017)", L2SoftmaxMaker()},
      {"l_softmax", "large margin by multiplied angles (Liu et al. 2016)", LSoftmaxMaker()},
      {"a_softmax", "the same with classes of length 1, SphereFace (Liu et al. 2017)",
       ASoftmaxMaker()},
      {"arcface", "additive angular margin (Deng et al. 2019)", ArcFaceMaker()},
      {"center", "softmax, and embeddings drawn to class centres (Wen et al. 2016)", CenterMaker()},
      {"coco", "scaled cosines, congenerous cosine (Liu et al. 2017)", CocoMaker()},
      {"focal", "cross-entropy that weighs hard faces more (Lin et al. 2017)", FocalMaker()},
      // Later ones.
      {"am_softmax", "additive cosine margin, CosFace (Wang et al. 2018)", AmSoftmaxMaker()},
      {"supervised_contrastive", "embeddings of a class attract each other (Khosla et al. 2020)",
       SupervisedContrastiveMaker()},
  };
  return losses;
}

const LossKind& FindLoss(std::string_view name) {
  std::vector<std::string> known;
  for (const LossKind& loss : Losses()) {
    if (loss.name == name) return loss;
    known.emplace_back(loss.name);
  }
  ThrowUnknownName("loss", name, known);
}

Json ResolveLossOptions(const LossKind& loss, const Json& options) {
  loss.maker.check(options);
  Json resolved = Json::object();
  for (const LossParameter& parameter : loss.maker.parameters()) {
    resolved[parameter.name] = options.value(parameter.name, parameter.standard);
  }
  return resolved;
}

}  // namespace unmask
