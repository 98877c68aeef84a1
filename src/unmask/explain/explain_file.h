#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "unmask/base/cancel.h"
#include "unmask/detect/detector.h"
#include "unmask/explain/crop_explainer.h"
#include "unmask/explain/faithfulness.h"
#include "unmask/explain/map_source.h"

namespace unmask {

struct ExplainOptions {
  MapOptions maps;
  int frames = 3;          // of each track, those that speak most for the target, to look at
  int tested_faces = 4;    // of each file, whose maps are put to the test; 0: none
  int picture_size = 448;  // pixels of the crops to look at

  // Throws UsageError naming the value and the violated rule.
  void Validate() const;
};

struct FaceExplanation {
  Face face;                   // without its mesh
  Similarity crop_from_frame;  // of the crop that was judged
  double score = 0;            // P(fake)
  double margin = 0;           // log odds of fake before calibration
  HeatMap map;
};

// A face to look at.
struct ShownFace {
  size_t face = 0;  // in TrackExplanation::faces
  Image picture;    // what the judged crop shows, from the original pixels
  struct Other {    // what another model makes of it, see FileExplainer::Compare()
    Image crop;     // as that model wants it
    CropExplanation explanation;
  };
  std::vector<Other> others;
};

// Beside the track of the verdict with the same index: the same faces in the same order.
struct TrackExplanation {
  std::vector<FaceExplanation> faces;
  std::vector<ShownFace> shown;  // those that speak most for the target first
  HeatMap mean_map;              // over all faces, in coordinates of the crop
  Image mean_crop;               // the mean face
};

struct FileExplanation {
  Verdict verdict;
  std::vector<TrackExplanation> tracks;
  // The largest value of all maps, which is drawn as 1; 0 where nothing speaks for the target.
  double scale = 0;
  int crop_size = 0;          // pixels of the crops that were judged
  Faithfulness faithfulness;  // over the faces that were tested, if any
};

// Judges files and explains the verdicts. What it is given must outlive it.
class FileExplainer {
 public:
  // Throws Error as MakeMapSource() does.
  FileExplainer(Detector& detector, const ExplainOptions& options);

  // From now on every face to look at is explained by `model` too.
  void Compare(CropExplainer& model) { others_.push_back(&model); }

  // Reads the file twice: the faces to look at are known at its end only; `progress` is that of the
  // first time. Memory grows with the number of faces that are judged, by a map for each. Throws as
  // Detector::Judge() does.
  FileExplanation Explain(const std::filesystem::path& file, const CancelToken* cancel = nullptr,
                          const Detector::ProgressFunction& progress = nullptr);

 private:
  void Look(FileExplanation& explanation, const CancelToken* cancel);
  void LookAt(const Image& frame, const FaceExplanation& face, ShownFace& shown);

  Detector& detector_;
  ExplainOptions options_;
  std::unique_ptr<MapSource> maps_;
  std::vector<CropExplainer*> others_;
};

}  // namespace unmask
