#include "unmask/detect/verdict_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "unmask/base/text.h"

namespace unmask {
namespace {

constexpr size_t kMaxTracks = 20;  // lines per file

std::string Count(int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string DescribeDoubts(const std::vector<Doubt>& doubts, const Evidence& evidence) {
  std::vector<std::string> texts;
  for (const Doubt doubt : doubts) texts.push_back(DescribeDoubt(doubt, evidence));
  return Join(texts, ", ");
}

std::string Sentence(const TrackResult& track, double threshold) {
  if (!track.doubts.empty()) return "cannot tell: " + DescribeDoubts(track.doubts, track.evidence);
  return std::string(track.fake ? "fake" : "real") + ", " +
         DescribeCertainty(track.score, threshold);
}

// "<70 %" for a score that lies below the threshold, but not as it is written.
std::string PercentBeside(double threshold, double score) {
  const std::string text = DescribePercent(score);
  const bool hidden = score < threshold && text == DescribePercent(threshold);
  return hidden && std::isdigit(static_cast<unsigned char>(text[0])) != 0 ? "<" + text : text;
}

std::string Padded(const std::string& text, size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

// The tracks to name: all of a few, else those most likely to be fake.
std::vector<const TrackResult*> TracksToName(const std::vector<TrackResult>& tracks) {
  std::vector<const TrackResult*> chosen;
  for (const TrackResult& track : tracks) chosen.push_back(&track);
  if (chosen.size() <= kMaxTracks) return chosen;
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const TrackResult* a, const TrackResult* b) { return a->score > b->score; });
  chosen.resize(kMaxTracks);
  std::sort(chosen.begin(), chosen.end(),
            [](const TrackResult* a, const TrackResult* b) { return a->id < b->id; });
  return chosen;
}

std::string DescribeTrack(const Verdict& verdict, const TrackResult& track) {
  std::string line = verdict.is_picture ? "  face " : "  track ";
  line += Padded(std::to_string(track.id), 2) + "   ";
  if (verdict.is_picture) {
    const Box& box = track.places.front().box;
    char place[80];
    std::snprintf(place, sizeof(place), "at %4.0f, %4.0f   %4.0f × %4.0f pixels", box.x0, box.y0,
                  box.width(), box.height());
    line += place;
  } else {
    line += Padded(DescribeTime(track.start), 5) + " – " + Padded(DescribeTime(track.end), 5);
    line += "   " + Padded(Count(static_cast<int64_t>(track.faces.size()), "face"), 8);
  }
  return line + "   " + Padded(PercentBeside(verdict.track_threshold, track.score), 5) + "   " +
         Sentence(track, verdict.track_threshold) + "\n";
}

std::string DescribeMissingFace(const Verdict& verdict) {
  if (verdict.is_picture) {
    return "NO FACE FOUND in this picture of " + std::to_string(verdict.width) + " × " +
           std::to_string(verdict.height) + " pixels; faces may be too small, hidden or cut off\n";
  }
  return "NO FACE FOUND in " + Count(verdict.frames_searched, "frame") + " searched of " +
         DescribeTime(verdict.duration) + "; faces may be too small, hidden or cut off\n";
}

}  // namespace

std::string DescribeDoubt(Doubt doubt, const Evidence& evidence) {
  switch (doubt) {
    case Doubt::kUndecided:
      return "a score between real and fake";
    case Doubt::kFewFaces:
      return "only " + Count(evidence.faces, "face");
    case Doubt::kSmallFaces:
      return "small faces (" + FormatFixed(evidence.face_pixels, 0) + " pixels)";
    case Doubt::kBlurred:
      return "blurred faces";
    case Doubt::kCompressed:
      return "strong compression (" + FormatFixed(evidence.bits_per_pixel, 3) + " bits a pixel)";
    case Doubt::kDissent:
      return DescribePercent(evidence.dissent) + " of the faces say the opposite";
    case Doubt::kUnlike:
      break;
  }
  return "faces unlike those the model was tried on";
}

std::string DescribePercent(double score) {
  if (score > 0 && score < 0.01) return "<1 %";
  if (score < 1 && score > 0.99) return ">99 %";
  return FormatFixed(100 * score, 0) + " %";
}

std::string DescribeCertainty(double score, double threshold) {
  const bool fake = score >= threshold;
  const double room = fake ? 1 - threshold : threshold;
  const double margin = room > 0 ? std::abs(score - threshold) / room : 1;
  if (margin < 0.25) return "borderline";
  return margin < 0.75 ? "likely" : "very likely";
}

std::string DescribeTime(double seconds) {
  const auto s = static_cast<int64_t>(std::max(0.0, seconds));
  char text[48];
  if (s >= 3600) {
    std::snprintf(text, sizeof(text), "%d:%02d:%02d", static_cast<int>(s / 3600),
                  static_cast<int>(s / 60 % 60), static_cast<int>(s % 60));
  } else {
    std::snprintf(text, sizeof(text), "%d:%02d", static_cast<int>(s / 60),
                  static_cast<int>(s % 60));
  }
  return text;
}

std::string DescribeVerdict(const Verdict& verdict) {
  std::string text = Printable(verdict.file.string()) + ": ";
  if (verdict.judgement == Judgement::kError) {
    text += "FAILED: " + Printable(verdict.error);
    if (!verdict.remedy.empty()) text += ". " + Printable(verdict.remedy);
    return text + "\n";
  }
  if (verdict.judgement == Judgement::kNoFace) {
    text += DescribeMissingFace(verdict);
  } else {
    const bool doubtful = verdict.judgement == Judgement::kCannotTell;
    text += doubtful ? "CANNOT TELL"
                     : std::string(verdict.judgement == Judgement::kFake ? "FAKE" : "REAL") + ", " +
                           DescribeCertainty(verdict.score, verdict.threshold);
    text +=
        verdict.score_is_share ? " (share of votes for fake " : " (probability of manipulation ";
    text += PercentBeside(verdict.threshold, verdict.score) + "; fake from " +
            DescribePercent(verdict.threshold) + ")";
    if (doubtful) text += ": " + DescribeDoubts(verdict.doubts, verdict.evidence);
    text += "\n";
  }
  const std::vector<const TrackResult*> named = TracksToName(verdict.tracks);
  for (const TrackResult* track : named) text += DescribeTrack(verdict, *track);
  if (const size_t left = verdict.tracks.size() - named.size(); left > 0) {
    text +=
        "  and " + std::to_string(left) + " more that are less likely fake; --json names them\n";
  }
  if (verdict.corrupt_frames > 0) {
    text += "  " + Count(verdict.corrupt_frames, "frame") + " could not be decoded\n";
  }
  if (verdict.other_videos > 0) {
    text +=
        "  " + Count(verdict.other_videos, "other video stream") + " of the file not looked at\n";
  }
  return text;
}

std::string DescribeCounts(const JudgementCounts& counts) {
  int64_t files = 0;
  for (const auto& [judgement, count] : counts) files += count;
  const auto of = [&](Judgement judgement) {
    const auto found = counts.find(judgement);
    return found == counts.end() ? int64_t{0} : found->second;
  };
  std::string text = Count(files, "file") + ": " + std::to_string(of(Judgement::kReal)) +
                     " real, " + std::to_string(of(Judgement::kFake)) + " fake";
  if (const int64_t n = of(Judgement::kCannotTell))
    text += ", " + std::to_string(n) + " cannot tell";
  if (const int64_t n = of(Judgement::kNoFace))
    text += ", " + std::to_string(n) + " without a face";
  if (const int64_t n = of(Judgement::kError)) text += ", " + std::to_string(n) + " failed";
  return text + "\n";
}

}  // namespace unmask
