#include "unmask/forge/dataset_sheet.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <set>
#include <string>
#include <vector>

#include "unmask/base/error.h"
#include "unmask/forge/clip_forgeries.h"
#include "unmask/forge/face_mesh.h"
#include "unmask/media/opencv_view.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr int kGap = 4;
constexpr int kLabel = 110;      // pixels left of a row
constexpr double kAround = 1.7;  // side of a picture in relation to the face

struct Moment {
  int64_t frame = 0;
  cv::Rect area;
};

std::vector<Moment> ChooseMoments(const FoundFaces& found, int count) {
  std::vector<int64_t> frames;
  for (size_t i = 0; i < found.moments.size(); ++i) {
    if (!found.moments[i].mesh.empty()) frames.push_back(static_cast<int64_t>(i));
  }
  std::vector<Moment> moments;
  count = static_cast<int>(std::min<size_t>(frames.size(), static_cast<size_t>(count)));
  for (int i = 0; i < count; ++i) {
    const int64_t frame =
        frames[(2 * static_cast<size_t>(i) + 1) * frames.size() / (2 * static_cast<size_t>(count))];
    const std::vector<Point>& mesh = found.moments[static_cast<size_t>(frame)].mesh;
    const Point middle = mesh[1];
    const int side =
        std::min({cvRound(kAround * FaceSize(mesh)), found.info.width, found.info.height});
    const auto corner = [&](float at, int limit) {
      return std::clamp(cvRound(at) - side / 2, 0, limit - side);
    };
    moments.push_back({frame, cv::Rect(corner(middle.x, found.info.width),
                                       corner(middle.y, found.info.height), side, side)});
  }
  return moments;
}

void DrawRow(const fs::path& video, const std::string& label, const std::vector<Moment>& moments,
             int side, cv::Mat row) {
  row.setTo(cv::Scalar::all(255));
  cv::putText(row, label, {kGap, side / 2 + 4}, cv::FONT_HERSHEY_SIMPLEX, 0.4, cv::Scalar::all(0),
              1, cv::LINE_AA);
  const auto source = OpenMedia(video);
  int64_t index = -1;
  for (size_t i = 0; i < moments.size(); ++i) {
    while (index < moments[i].frame && source->Grab()) ++index;
    if (index != moments[i].frame) return;
    const Image frame = source->Retrieve();
    const cv::Rect area = moments[i].area & cv::Rect(0, 0, frame.width, frame.height);
    if (area.empty()) continue;
    cv::Mat cell = row(cv::Rect(kLabel + static_cast<int>(i) * (side + kGap), 0, side, side));
    cv::resize(ViewOf(frame)(area), cell, cell.size(), 0, 0,
               area.width > side ? cv::INTER_AREA : cv::INTER_CUBIC);
  }
}

}  // namespace

void WriteDatasetSheet(const fs::path& folder, const ForgeDatasetOptions& options,
                       const DatasetPlan& plan, const fs::path& picture,
                       const DatasetSheetOptions& sheet) {
  std::vector<const PlannedClip*> targets;
  for (const PlannedClip& clip : plan.clips) {
    if (static_cast<int>(targets.size()) >= 2 * sheet.pairs) break;
    if (std::find(targets.begin(), targets.end(), &clip) != targets.end()) continue;
    targets.push_back(&clip);
    targets.push_back(&plan.Clip(clip.partner));
  }
  std::vector<std::string> classes = {""};
  for (const ClipForgery& forgery : ClipForgeries()) {
    const auto& chosen = options.families;
    if (chosen.empty() || std::find_if(chosen.begin(), chosen.end(), [&](const std::string& name) {
                            return name == forgery.class_name || name == forgery.name;
                          }) != chosen.end()) {
      classes.emplace_back(forgery.class_name);
    }
  }
  const std::string& quality = options.qualities.front();
  const int rows = static_cast<int>(targets.size() * classes.size());
  const int pitch = sheet.side + kGap;
  Image image(kLabel + sheet.columns * pitch, rows * pitch);
  std::fill(image.data.begin(), image.data.end(), 255);
  cv::Mat view = ViewOf(image);
  const auto networks = LoadFaceNetworks({});
  int top = 0;
  for (const PlannedClip* target : targets) {
    const fs::path real = DatasetVideo(folder, *target, "", quality);
    const std::vector<Moment> moments =
        ChooseMoments(FindMainFace(real, {}, networks), sheet.columns);
    for (const std::string& name : classes) {
      const std::string label = name.empty() ? "real " + target->id : name;
      DrawRow(DatasetVideo(folder, *target, name, quality), label, moments, sheet.side,
              view(cv::Rect(0, top, view.cols, sheet.side)));
      top += pitch;
    }
  }
  WritePicture(picture, image, 88);
}

}  // namespace unmask
