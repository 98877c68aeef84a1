#include "unmask/robustness/file_measurer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/base/random.h"
#include "unmask/media/picture.h"
#include "unmask/robustness/head_turn.h"
#include "unmask/robustness/scene.h"

namespace unmask {
namespace {

bool IsFake(const RobustnessFile& file, const std::string& forgery) {
  return file.label == 1 || !forgery.empty();
}

// "clip.mp4 forged by warp, crf at 23"
std::string NameOf(const RobustnessRecord& record) {
  const std::string copy = record.forgery.empty() ? "" : " forged by " + record.forgery;
  if (record.condition == kUndisturbed) return record.file + copy;
  return record.file + copy + ", " + record.condition + " at " + LevelText(record.level);
}

}  // namespace

std::vector<RobustnessRecord> RecordsOf(const RobustnessFile& file, const std::string& forgery,
                                        std::span<const Condition* const> conditions) {
  RobustnessRecord record;
  record.file = file.file.string();
  record.forgery = forgery;
  record.condition = kUndisturbed;
  std::vector<RobustnessRecord> records = {record};
  for (const Condition* condition : conditions) {
    if (condition->kind == ConditionKind::kHeadTurn) continue;  // of the undisturbed faces
    if (condition->kind == ConditionKind::kSeveralFaces && !IsFake(file, forgery)) continue;
    record.condition = condition->name;
    for (const double level : condition->levels) {
      record.level = level;
      records.push_back(record);
    }
  }
  return records;
}

FileMeasurer::FileMeasurer(const std::vector<RobustnessFile>& files,
                           const RobustnessOptions& options, const CancelToken* cancel)
    : files_(files),
      options_(options),
      cancel_(cancel),
      detector_(options.detector),
      networks_(LoadFaceNetworks({.threads = options.detector.threads})) {}

Excerpt FileMeasurer::Read(const MeasuredFile& file) {
  Excerpt excerpt = ReadExcerpt(files_[file.index].file, options_.excerpt, networks_, cancel_,
                                {.min_confidence = options_.detector.min_face_confidence,
                                 .small_faces = options_.detector.small_faces});
  if (file.forgery.empty()) return excerpt;
  const uint64_t seed = DeriveSeed(options_.seed, file.forgery, file.index);
  return Forged(excerpt, FrameForger(file.forgery, seed));
}

void FileMeasurer::Judge(const FrameSequence& frames, RobustnessRecord& record) {
  const bool undisturbed = record.condition == kUndisturbed;
  const auto source = OpenFrames(frames);
  const Verdict verdict =
      detector_.Judge(*source, cancel_, nullptr, [&](std::span<const JudgedFace> faces) {
        if (!undisturbed) return;
        for (const JudgedFace& face : faces) {
          record.turned_faces.emplace_back(HeadTurn(face.aligned.face.mesh), face.score);
        }
      });
  record.outcome = verdict.judgement == Judgement::kNoFace ? RobustnessOutcome::kNoFace
                                                           : RobustnessOutcome::kJudged;
  record.score = verdict.score;
  record.fake = verdict.judgement == Judgement::kFake;
}

// Real files of other people and of the same kind, in which a face is found; from a place in the
// list on that the seed chooses.
void FileMeasurer::FindPartners(const MeasuredFile& file, size_t count) {
  Random random(DeriveSeed(options_.seed, "partners", file.index));
  const auto first = static_cast<size_t>(UniformInt(random, static_cast<int64_t>(files_.size())));
  const RobustnessFile& own = files_[file.index];
  for (size_t i = 0; i < files_.size() && partners_.size() < count; ++i) {
    const size_t index = (first + i) % files_.size();
    const RobustnessFile& other = files_[index];
    if (other.label != 0 || index == file.index || other.identity == own.identity ||
        IsPicturePath(other.file) != IsPicturePath(own.file)) {
      continue;
    }
    try {
      Excerpt partner = Read({index, ""});
      if (partner.face_size > 0) partners_.push_back(std::move(partner));
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& e) {
      // It is reported where it is measured itself.
      if (!unread_partner_) unread_partner_ = e;
    }
  }
}

void FileMeasurer::JudgeScene(const MeasuredFile& file, const Excerpt& excerpt, size_t people,
                              RobustnessRecord& record) {
  if (partners_.size() + 1 < people) {
    if (unread_partner_) throw Error(*unread_partner_);  // who may have a face
    record.why = "too few real files of other people have a face";
    return;
  }
  std::vector<const Excerpt*> scene;
  for (size_t i = 0; i + 1 < people; ++i) scene.push_back(&partners_[i]);
  Random random(DeriveSeed(options_.seed, "place", file.index * 16 + people));
  const auto place = static_cast<size_t>(UniformInt(random, static_cast<int64_t>(people)));
  scene.insert(scene.begin() + static_cast<std::ptrdiff_t>(place), &excerpt);
  const FrameSequence frames = PutBesideEachOther(scene);
  const auto source = OpenFrames(frames);
  const Verdict verdict = detector_.Judge(*source, cancel_);
  record.outcome = verdict.judgement == Judgement::kNoFace ? RobustnessOutcome::kNoFace
                                                           : RobustnessOutcome::kJudged;
  record.score = verdict.score;
  record.fake = verdict.judgement == Judgement::kFake;
  const std::vector<double> scores = ScoresOfPeople(verdict, people);
  for (size_t i = 0; i < people; ++i) record.people.emplace_back(i == place ? 1 : 0, scores[i]);
}

void FileMeasurer::JudgeIn(const Condition& condition, const MeasuredFile& file,
                           const Excerpt& excerpt, RobustnessRecord& record) {
  if (condition.obstacle != nullptr) record.why = condition.obstacle(excerpt, record.level);
  if (record.why.empty() && condition.kind == ConditionKind::kSeveralFaces) {
    JudgeScene(file, excerpt, static_cast<size_t>(record.level), record);
  } else if (record.why.empty()) {
    const uint64_t seed = DeriveSeed(options_.seed, "conditions", file.index);
    Judge(condition.apply(excerpt, record.level, seed), record);
  }
  if (!record.why.empty()) record.outcome = RobustnessOutcome::kLeftOut;
}

void FileMeasurer::Measure(const MeasuredFile& file, std::vector<RobustnessRecord> records,
                           const std::function<void(const RobustnessRecord&)>& done) {
  if (records.empty()) return;
  const Excerpt excerpt = Read(file);
  partners_.clear();
  unread_partner_.reset();
  double most_people = 0;
  for (const RobustnessRecord& record : records) {
    if (record.condition == kUndisturbed) continue;
    if (FindCondition(record.condition).kind == ConditionKind::kSeveralFaces) {
      most_people = std::max(most_people, record.level);
    }
  }
  if (most_people > 0 && excerpt.face_size > 0) {
    FindPartners(file, static_cast<size_t>(most_people) - 1);
  }
  std::optional<Error> failure;  // the first
  for (RobustnessRecord& record : records) {
    if (cancel_ != nullptr) cancel_->Check();
    record.face_size = excerpt.face_size;
    try {
      if (excerpt.face_size == 0) {
        record.outcome = RobustnessOutcome::kNoFace;
      } else if (record.condition == kUndisturbed) {
        Judge(excerpt.frames, record);
      } else {
        JudgeIn(FindCondition(record.condition), file, excerpt, record);
      }
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& e) {
      if (!failure) failure.emplace(NameOf(record) + ": " + e.problem(), e.remedy());
      continue;
    }
    done(record);
  }
  if (failure) throw Error(*failure);
}

}  // namespace unmask
