#include "unmask/detect/verdict.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "unmask/base/config.h"

namespace unmask {
namespace {

constexpr int kSchemaVersion = 1;

// Digits that mean something: a millionth of a score, a millisecond, a tenth of a pixel.
double Rounded(double value, double unit) { return std::round(value * unit) / unit; }
double RoundedScore(double score) { return Rounded(score, 1e6); }
double RoundedTime(double seconds) { return Rounded(seconds, 1e3); }

Json BoxToJson(const Box& box) {
  Json json = Json::array();
  for (const float edge : {box.x0, box.y0, box.x1, box.y1}) json.push_back(Rounded(edge, 10));
  return json;
}

Json ToJson(const std::vector<Doubt>& doubts) {
  Json json = Json::array();
  for (const Doubt doubt : doubts) json.push_back(NameOf(doubt));
  return json;
}

Json ToJson(const Evidence& evidence) {
  return {{"faces", evidence.faces},
          {"face_pixels", Rounded(evidence.face_pixels, 10)},
          {"sharpness", Rounded(evidence.sharpness, 10)},
          {"bits_per_pixel", Rounded(evidence.bits_per_pixel, 1e4)},
          {"dissent", Rounded(evidence.dissent, 1e3)},
          {"distance", Rounded(evidence.distance, 1e3)}};
}

Json ToJson(const TrackResult& track) {
  Json faces = Json::array();
  for (const FaceResult& face : track.faces) {
    faces.push_back({{"frame", face.frame},
                     {"time", RoundedTime(face.time)},
                     {"score", RoundedScore(face.score)},
                     {"box", BoxToJson(face.box)}});
  }
  return {{"id", track.id},
          {"start", RoundedTime(track.start)},
          {"end", RoundedTime(track.end)},
          {"score", RoundedScore(track.score)},
          {"verdict", NameOf(JudgementOf(track))},
          {"doubts", ToJson(track.doubts)},
          {"evidence", ToJson(track.evidence)},
          {"detections", track.places.size()},
          {"faces", std::move(faces)}};
}

Json ToJson(const StageTimes& times) {
  return {{"decode", RoundedTime(times.decode)},
          {"detect", RoundedTime(times.detect)},
          {"landmarks", RoundedTime(times.landmarks)},
          {"align", RoundedTime(times.align)},
          {"classify", RoundedTime(times.classify)},
          {"total", RoundedTime(times.total)},
          {"waits",
           {{"decode", RoundedTime(times.decode_wait)}, {"judge", RoundedTime(times.judge_wait)}}}};
}

}  // namespace

std::string_view NameOf(Judgement judgement) {
  switch (judgement) {
    case Judgement::kReal:
      return "real";
    case Judgement::kFake:
      return "fake";
    case Judgement::kCannotTell:
      return "cannot_tell";
    case Judgement::kNoFace:
      return "no_face";
    case Judgement::kError:
      break;
  }
  return "error";
}

bool HasScore(Judgement judgement) {
  return judgement == Judgement::kReal || judgement == Judgement::kFake ||
         judgement == Judgement::kCannotTell;
}

Judgement JudgementOf(const TrackResult& track) {
  if (!track.doubts.empty()) return Judgement::kCannotTell;
  return track.fake ? Judgement::kFake : Judgement::kReal;
}

Json ToJson(const Verdict& verdict) {
  Json json = {{"file", verdict.file.string()}, {"verdict", NameOf(verdict.judgement)}};
  const bool judged = HasScore(verdict.judgement);
  json["score"] = judged ? Json(RoundedScore(verdict.score)) : Json(nullptr);
  json["doubts"] = ToJson(verdict.doubts);
  if (judged) json["evidence"] = ToJson(verdict.evidence);
  json["tracks"] = Json::array();
  for (const TrackResult& track : verdict.tracks) json["tracks"].push_back(ToJson(track));
  if (verdict.judgement == Judgement::kError) {
    json["error"] = verdict.error;
    json["remedy"] = verdict.remedy;
    return json;
  }
  json["media"] = {{"kind", verdict.is_picture ? "picture" : "video"},
                   {"width", verdict.width},
                   {"height", verdict.height},
                   {"duration", RoundedTime(verdict.duration)},
                   {"frames", verdict.frames_decoded},
                   {"frames_searched", verdict.frames_searched},
                   {"corrupt_frames", verdict.corrupt_frames},
                   {"other_videos", verdict.other_videos}};
  json["seconds"] = ToJson(verdict.times);
  return json;
}

Json ToJson(const DetectionSettings& settings) {
  return {{"program_version", kVersion},
          {"model", {{"name", settings.model_name}, {"sha256", settings.model_sha256}}},
          {"options",
           {{"aggregate", NameOf(settings.aggregation)},
            {"vote_score", settings.vote_score == VoteScore::kShare ? "share" : "mean"},
            {"threshold", settings.threshold},
            {"file_threshold", settings.file_threshold},
            {"precision", settings.precision == Precision::kBfloat16 ? "bf16" : "fp32"},
            {"every_frame", settings.every_frame},
            {"detect_fps", settings.detect_fps},
            {"thorough", settings.thorough},
            {"faces_per_track", settings.faces_per_track},
            {"small_faces", settings.small_faces},
            {"always_answer", settings.always_answer}}}};
}

Json ToJson(const DetectionSettings& settings, const std::vector<Verdict>& verdicts) {
  Json report = {{"schema", "unmask/detect"}, {"version", kSchemaVersion}};
  report.update(ToJson(settings));
  report["results"] = Json::array();
  for (const Verdict& verdict : verdicts) report["results"].push_back(ToJson(verdict));
  return report;
}

}  // namespace unmask
