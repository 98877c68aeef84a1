#include "unmask/cli/explain_timeline.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "unmask/base/text.h"
#include "unmask/report/plot.h"

namespace unmask {
namespace {

constexpr size_t kMostTracks = 8;  // colours that can be told apart
constexpr size_t kFewPoints = 60;  // shown as marks

std::vector<const TrackResult*> Chosen(const Verdict& verdict) {
  std::vector<const TrackResult*> tracks;
  for (const TrackResult& track : verdict.tracks) tracks.push_back(&track);
  if (tracks.size() > kMostTracks) {
    std::stable_sort(tracks.begin(), tracks.end(), [](const TrackResult* a, const TrackResult* b) {
      return a->score > b->score;
    });
    tracks.resize(kMostTracks);
    std::sort(tracks.begin(), tracks.end(),
              [](const TrackResult* a, const TrackResult* b) { return a->id < b->id; });
  }
  return tracks;
}

}  // namespace

void DrawTimeline(const Verdict& verdict, const std::filesystem::path& path) {
  const std::vector<const TrackResult*> tracks = Chosen(verdict);
  Plot plot;
  plot.title = verdict.file.filename().string();
  if (tracks.size() < verdict.tracks.size()) {
    plot.title += ": the " + std::to_string(tracks.size()) + " most suspicious of " +
                  CountOf(verdict.tracks.size(), "face");
  }
  const double end = std::max(verdict.duration, 1e-3);
  plot.x = {.label = "seconds", .low = 0, .high = end};
  plot.y = {.label = "probability of a manipulation", .low = 0, .high = 1};
  plot.series.push_back({.title = "fake from here on",
                         .x = {0, end},
                         .y = {verdict.track_threshold, verdict.track_threshold},
                         .style = SeriesStyle::kReference});
  for (const TrackResult* track : tracks) {
    Series series;
    series.title = "face " + std::to_string(track->id);
    for (const FaceResult& face : track->faces) {
      series.x.push_back(face.time);
      series.y.push_back(face.score);
    }
    series.style = series.x.size() <= kFewPoints ? SeriesStyle::kLinePoints : SeriesStyle::kLine;
    plot.series.push_back(std::move(series));
  }
  Figure figure;
  figure.panels.push_back(std::move(plot));
  figure.width = 900;
  figure.height = 420;
  WriteFigure(path, figure);
}

}  // namespace unmask
