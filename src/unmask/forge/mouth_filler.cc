#include "unmask/forge/mouth_filler.h"

#include <algorithm>

#include "unmask/forge/donor_path.h"
#include "unmask/forge/paint.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr DonorOptions kDonors{.steadiness = 0.3, .lips = 8, .lids = 1};
constexpr double kEnough = 0.6;  // of the opening wanted

}  // namespace

double MouthLack(double shown, double wanted) {
  return std::clamp((wanted - 1.1 * shown - 0.015) / 0.03, 0.0, 1.0);
}

MouthFiller::MouthFiller(const FaceClip& target, const FaceClip& source,
                         const std::vector<FaceMoment>& wanted)
    : target_(target),
      source_(source),
      wanted_(wanted),
      own_(ChooseDonors(wanted, target.patches, kDonors)),
      other_(ChooseDonors(wanted, source.patches, kDonors)) {}

void MouthFiller::Fill(int64_t index, int left, int top, Image& face) {
  const auto t = static_cast<size_t>(index);
  if (t >= own_.size()) return;
  const double before = MouthOpening(target_.moments[t].mesh);
  const double opening = MouthOpening(wanted_[t].mesh);
  const double need = MouthLack(before, opening);
  if (need <= 0) return;
  const FacePatch* donor = nullptr;
  if (own_[t] >= 0) donor = &target_.patches[static_cast<size_t>(own_[t])];
  if ((donor == nullptr || MouthOpening(donor->mesh) < kEnough * opening) && other_[t] >= 0) {
    const FacePatch* other = &source_.patches[static_cast<size_t>(other_[t])];
    if (donor == nullptr || MouthOpening(other->mesh) > MouthOpening(donor->mesh)) donor = other;
  }
  if (donor == nullptr) return;
  const std::vector<Point> mesh = Moved(wanted_[t].mesh, -left, -top);
  cv::Mat view = ViewOf(face);
  const double size = FaceSize(mesh);
  cv::Mat mouth =
      WarpByMesh(ViewOf(donor->crop), donor->mesh, mesh, MeshTriangles(false), view.size(), view);
  // The lips of both are seen: by them the colours are matched.
  const cv::Mat around = OutlineWeights(mesh, OuterLips(), view.size(), 0.03 * size, 1);
  const cv::Mat inside = OutlineWeights(mesh, InnerLips(), view.size(), 0, 0.5);
  const cv::Mat lips = cv::max(around - inside, 0);
  MatchColours(mouth, StatisticsOf(mouth, lips), StatisticsOf(view, lips));
  KeepMouth(view, mouth, mesh, need);
}

}  // namespace unmask
