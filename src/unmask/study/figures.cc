#include "unmask/study/figures.h"

#include <algorithm>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/detect/crop_reader.h"
#include "unmask/explain/crop_explainer.h"
#include "unmask/explain/draw_map.h"
#include "unmask/media/picture.h"
#include "unmask/model/sha256.h"
#include "unmask/report/embedding_figure.h"
#include "unmask/study/reference.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

constexpr int kFacesPerFile = 8;
constexpr int64_t kMostFaces = 2000;

// The cells of the losses that were trained on all classes of the figures' quality, by the first
// seed. Throws Error naming one that is not finished.
std::vector<Cell> CellsFor(const StudyPlan& plan, const std::vector<Cell>& cells,
                           const std::vector<std::string>& losses, const StudyFolder& folder) {
  std::vector<Cell> chosen;
  for (const std::string& loss : losses) {
    const auto cell = std::find_if(cells.begin(), cells.end(), [&](const Cell& c) {
      return c.quality == plan.figure_quality && c.loss == loss && c.class_name.empty() &&
             c.seed == plan.seeds.front();
    });
    if (cell == cells.end() || folder.FindResult(*cell).empty()) {
      throw Error("the cell of " + loss + " on " + plan.figure_quality + " is not finished");
    }
    chosen.push_back(*cell);
  }
  return chosen;
}

std::string KeyOf(const std::vector<Cell>& cells, const std::string& what) {
  std::string text = what;
  for (const Cell& cell : cells) text += "/" + cell.key;
  return Sha256OfText(text).substr(0, 16);
}

// Throws Error naming a model that is gone: results travel, models do not.
std::vector<fs::path> ModelsOf(const std::vector<Cell>& cells, const StudyFolder& folder) {
  std::vector<fs::path> models;
  for (const Cell& cell : cells) {
    models.push_back(folder.model(cell));
    std::error_code error;
    if (fs::exists(models.back(), error)) continue;
    throw Error("the model of " + cell.name() +
                    " is not in this folder: its result was made "
                    "elsewhere",
                "Delete the result to train it again here");
  }
  return models;
}

const StudyData::Quality& DataOf(const StudyPlan& plan, const StudyData* data) {
  if (data == nullptr || !data->qualities.contains(plan.figure_quality)) {
    throw Error("no faces of " + plan.figure_quality + " are prepared");
  }
  return data->qualities.at(plan.figure_quality);
}

class FigureMaker {
 public:
  FigureMaker(const StudyPlan& plan, const std::vector<Cell>& cells, const StudyData* data,
              const StudyFolder& folder, int threads, const CancelToken* cancel,
              const std::function<void(const std::string&)>& progress)
      : plan_(plan),
        cells_(cells),
        data_(data),
        folder_(folder),
        threads_(threads),
        cancel_(cancel),
        progress_(progress) {}

  StudyFigure Embedding() const {
    const std::vector<Cell> cells = CellsFor(plan_, cells_, plan_.embedding_losses, folder_);
    const std::string name = "embedding-" + KeyOf(cells, "embedding/2");
    StudyFigure figure{
        .title = "Features of the models",
        .caption = "Test faces of " + plan_.figure_quality + " as " +
                   Join(plan_.embedding_losses, ", ") +
                   (cells.size() > 1 ? " and all of them fused" : "") +
                   " see them: t-SNE above, the first two principal components below. On a t-SNE "
                   "map neighbours mean something; distances between clusters and their sizes do "
                   "not.",
        .description = "Maps of the models' features, coloured by class"};
    figure.file = folder_.FindFigure(name + ".png");
    if (!figure.file.empty()) return figure;
    figure.file = folder_.NewFigure(name + ".png");
    const StudyData::Quality& part = DataOf(plan_, data_);
    EmbeddingMapOptions options;
    options.faces.files = {
        .split = "test", .classes = ScoredClasses(plan_), .quality = plan_.figure_quality};
    options.names = plan_.embedding_losses;
    options.faces.faces_per_file = kFacesPerFile;
    options.faces.max_faces = kMostFaces;
    options.classifier.threads = threads_;
    EmbeddingTable table = MapEmbeddings(
        ModelsOf(cells, folder_), part.stores, options, cancel_,
        [&](const std::string& what, const std::string& unit, int64_t done, int64_t total) {
          if (progress_) {
            progress_(what + ": " + std::to_string(done) + "/" + std::to_string(total) + " " +
                      unit);
          }
        });
    for (EmbeddedFace& face : table.faces) face.file = fs::path(face.file).filename().string();
    WriteTextFile(folder_.NewFigure(name + ".csv"), MapsCsv(table));
    WriteFigure(figure.file, EmbeddingFigure(table));
    return figure;
  }

  StudyFigure Explanation() const {
    const std::vector<Cell> cells = CellsFor(plan_, cells_, plan_.losses, folder_);
    const std::string name =
        "grad_cam-" + KeyOf(cells, "grad_cam/1/" + Join(plan_.explained_files, "/") + "/" +
                                       Join(plan_.explained_classes, "/"));
    StudyFigure figure{
        .title = "Where the models look",
        .caption = "Grad-CAM of the log odds of fake, " + plan_.figure_quality +
                   ": a face of every row's video under every loss, with the score. Each map has "
                   "a scale of its own.",
        .description = "Heat maps of faces under every loss"};
    figure.file = folder_.FindFigure(name + ".png");
    if (!figure.file.empty()) return figure;
    figure.file = folder_.NewFigure(name + ".png");
    const std::vector<fs::path> models = ModelsOf(cells, folder_);
    MapGrid grid{.models = plan_.losses};
    std::vector<Shown> shown;
    for (size_t f = 0; f < plan_.explained_classes.size(); ++f) {
      shown.push_back(Find(f));
      grid.faces.push_back(ShortClassName(plan_.explained_classes[f]) + " " +
                           StemOf(*shown.back().record));
    }
    grid.rows.resize(grid.faces.size());
    for (const fs::path& model : models) {
      if (cancel_ != nullptr) cancel_->Check();
      CropExplainer explainer(model, {}, {.batch = 1, .threads = threads_});
      for (size_t f = 0; f < grid.faces.size(); ++f) {
        if (progress_) progress_("explain " + grid.faces[f]);
        CropReader reader(*shown[f].store, {shown[f].record}, explainer.classifier(), 1);
        Image crop = std::move(reader.Next()->front());
        CropExplanation explanation = explainer.Explain({&crop, 1})[0];
        grid.rows[f].push_back({std::move(crop), std::move(explanation.map), explanation.score});
      }
    }
    WritePicture(figure.file, DrawMapGrid(grid), 95);
    return figure;
  }

 private:
  struct Shown {
    const CropStore* store = nullptr;
    const CropRecord* record = nullptr;
  };

  static std::string StemOf(const CropRecord& record) {
    return fs::path(record.source).stem().string();
  }

  // The middle face of the file that the plan names for its f-th class, or of the first of the
  // split test.
  Shown Find(size_t f) const {
    const std::string& class_name = plan_.explained_classes[f];
    std::string stem = plan_.explained_files.empty() ? "" : plan_.explained_files[f];
    const bool first = stem.empty();
    std::vector<Shown> faces;
    for (const auto& store : DataOf(plan_, data_).stores) {
      for (const CropRecord& record : store->records) {
        if (record.quality != plan_.figure_quality || record.class_name != class_name) continue;
        if (first ? record.split != "test" : StemOf(record) != stem) continue;
        if (first && StemOf(record) < stem) faces.clear();
        if (first && (faces.empty() || StemOf(record) < stem)) stem = StemOf(record);
        if (StemOf(record) == stem) faces.push_back({store.get(), &record});
      }
    }
    if (faces.empty()) {
      throw Error("there is no face of " + (first ? "the split test" : stem) + " (" + class_name +
                      ", " + plan_.figure_quality + ")",
                  "Name another file in figures.explain");
    }
    return faces[faces.size() / 2];
  }

  const StudyPlan& plan_;
  const std::vector<Cell>& cells_;
  const StudyData* const data_;
  const StudyFolder& folder_;
  const int threads_;
  const CancelToken* const cancel_;
  const std::function<void(const std::string&)>& progress_;
};

}  // namespace

std::vector<StudyFigure> DrawStudyFigures(const StudyPlan& plan, const std::vector<Cell>& cells,
                                          const StudyData* data, const StudyFolder& folder,
                                          int threads, std::vector<std::string>& remarks,
                                          const CancelToken* cancel,
                                          const std::function<void(const std::string&)>& progress) {
  const FigureMaker maker(plan, cells, data, folder, threads, cancel, progress);
  std::vector<StudyFigure> figures;
  const auto add = [&](const std::string& what, StudyFigure (FigureMaker::*draw)() const) {
    try {
      figures.push_back((maker.*draw)());
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& e) {
      remarks.push_back("the figure of " + what + " is not drawn: " + e.what());
    }
  };
  if (!plan.embedding_losses.empty()) add("features", &FigureMaker::Embedding);
  if (!plan.explained_classes.empty()) add("explanations", &FigureMaker::Explanation);
  return figures;
}

}  // namespace unmask
