#include "unmask/detect/profile.h"

#include "unmask/base/text.h"

namespace unmask {
namespace {

std::string Row(const std::string& name, double seconds, const std::string& remark) {
  const std::string time = FormatFixed(seconds, 2);
  const std::string gap(time.size() < 9 ? 9 - time.size() : 0, ' ');
  std::string row =
      "  " + name + std::string(name.size() < 16 ? 16 - name.size() : 0, ' ') + gap + time + " s";
  if (!remark.empty()) row += "   " + remark;
  return row + "\n";
}

std::string Each(double seconds, int64_t count, const std::string& noun) {
  if (count == 0) return "";
  return CountOf(static_cast<size_t>(count), noun) + ", " +
         FormatFixed(1000 * seconds / static_cast<double>(count), 2) + " ms each";
}

}  // namespace

void Profile::Add(const Verdict& verdict) {
  if (verdict.judgement == Judgement::kError) return;
  ++files;
  frames += verdict.frames_decoded;
  frames_searched += verdict.frames_searched;
  for (const TrackResult& track : verdict.tracks) {
    faces += static_cast<int64_t>(track.faces.size());
  }
  times.decode += verdict.times.decode;
  times.detect += verdict.times.detect;
  times.landmarks += verdict.times.landmarks;
  times.align += verdict.times.align;
  times.classify += verdict.times.classify;
  times.decode_wait += verdict.times.decode_wait;
  times.judge_wait += verdict.times.judge_wait;
  times.total += verdict.times.total;
}

std::string DescribeProfile(const Profile& p) {
  return "time spent on " + CountOf(static_cast<size_t>(p.files), "file") + ", " +
         std::to_string(p.jobs) + " side by side with " +
         CountOf(static_cast<size_t>(p.threads), "thread") + " each\n" +
         Row("load", p.load, "the networks of the first job") +
         Row("decode", p.times.decode, Each(p.times.decode, p.frames, "frame")) +
         Row("search", p.times.detect, Each(p.times.detect, p.frames_searched, "frame")) +
         Row("landmarks", p.times.landmarks, "of the faces that were looked at") +
         Row("align", p.times.align, "") +
         Row("classify", p.times.classify, Each(p.times.classify, p.faces, "face")) +
         Row("decoder waits", p.times.decode_wait, "for room: searching and judging are slower") +
         Row("judge waits", p.times.judge_wait, "for frames: decoding and searching are slower") +
         Row("judging", p.times.total, "the files, one by one") + Row("passed", p.passed, "in all");
}

}  // namespace unmask
