#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "unmask/base/json.h"
#include "unmask/face/face.h"
#include "unmask/infer/session.h"
#include "unmask/score/aggregate.h"
#include "unmask/score/reliability.h"

namespace unmask {

enum class Judgement { kReal, kFake, kCannotTell, kNoFace, kError };

// "real", "fake", "cannot_tell", "no_face", "error".
std::string_view NameOf(Judgement judgement);

struct FaceResult {
  int64_t frame = 0;    // index in the video
  double time = 0;      // seconds
  Box box;              // pixels of the upright frame
  double score = 0;     // P(fake)
  double margin = 0;    // log odds of fake before calibration, see Classifier::margins()
  float sharpness = 0;  // see BlurMeasure()
  float distance = 0;   // see EmbeddingDistance()
};

struct TrackPlace {  // where a track was, also in frames that were not classified
  int64_t frame = 0;
  double time = 0;
  Box box;
};

// A person as long as he or she can be followed without a break.
struct TrackResult {
  int id = 0;        // from 1, in the order in which the tracks begin, then from left to right
  double start = 0;  // seconds
  double end = 0;
  double score = 0;                // P(fake), mean of its faces
  bool fake = false;               // score ≥ the threshold
  Evidence evidence;               // that the score rests on
  std::vector<Doubt> doubts;       // why it is no answer; empty: it is one
  std::vector<FaceResult> faces;   // those that were classified, in order of time; at least one
  std::vector<TrackPlace> places;  // every detection, in order of time
};

// Seconds of work in each stage. Decoding and searching run beside the others, so they add up to
// more than `total`, which is the time that passed.
struct StageTimes {
  double decode = 0, detect = 0, landmarks = 0, align = 0, classify = 0, total = 0;
  double decode_wait = 0;  // decoding waited for room: what follows is slower
  double judge_wait = 0;   // landmarks, alignment and classifier waited for frames
};

// What is said of one file.
struct Verdict {
  std::filesystem::path file;
  Judgement judgement = Judgement::kError;
  double score = 0;              // P(fake); meaningless for kNoFace and kError
  bool score_is_share = false;   // `score` is a share of votes, compared with one half
  double threshold = 0.5;        // what `score` was compared with
  double track_threshold = 0.5;  // what the tracks' scores were compared with
  std::string error;             // cause, for kError
  std::string remedy;            // may be empty
  std::vector<TrackResult> tracks;
  Evidence evidence;          // that the score rests on
  std::vector<Doubt> doubts;  // why it is no answer, for kCannotTell

  int width = 0, height = 0;  // pixels
  double duration = 0;        // seconds; 0 for a picture
  bool is_picture = false;
  int64_t frames_decoded = 0, frames_searched = 0, corrupt_frames = 0;
  int other_videos = 0;  // streams of the file, of which this says nothing
  StageTimes times;
};

// How a set of verdicts came about, for the head of a report.
struct DetectionSettings {
  std::string model_name;
  std::string model_sha256;
  Precision precision = Precision::kFloat;  // that was really used
  double threshold = 0.5;                   // of faces and tracks
  double file_threshold = 0.5;              // of files: the same, but one half for a share of votes
  Aggregation aggregation = Aggregation::kMeanTracks;
  VoteScore vote_score = VoteScore::kWinnersMean;
  bool every_frame = false;
  double detect_fps = 0;
  bool thorough = false;
  int faces_per_track = 0;
  bool small_faces = false;
  bool always_answer = false;
};

// Whether there is a score: a face was found.
bool HasScore(Judgement judgement);

// What a track says: real, fake or cannot tell.
Judgement JudgementOf(const TrackResult& track);

// One element of "results" in `unmask detect --json`; its fields are documented in docs/json.md.
Json ToJson(const Verdict& verdict);

// What made the scores: "program_version", "model" and "options".
Json ToJson(const DetectionSettings& settings);

// The whole report, {"schema": "unmask/detect", "version": 1, …}.
Json ToJson(const DetectionSettings& settings, const std::vector<Verdict>& verdicts);

}  // namespace unmask
