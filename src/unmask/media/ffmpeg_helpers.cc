#include "unmask/media/ffmpeg_helpers.h"

#include <cstdarg>
#include <mutex>
#include <string_view>

#include "unmask/base/error.h"
#include "unmask/base/log.h"

namespace unmask {
namespace {

void ForwardLog(void* source, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING) return;
  char line[512];
  int prefix = 1;
  av_log_format_line2(source, level, format, arguments, line, sizeof(line), &prefix);
  std::string text = line;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  Log(LogLevel::kDebug, "ffmpeg: " + text);
}

// Playlists and device-like formats can name other files or hosts, text formats draw letters: a
// hostile or merely renamed file must not reach them.
bool IsMediaFormat(std::string_view name) {
  for (const char* refused : {"hls", "dash", "concat", "image2", "tty", "lavfi", "ffmetadata",
                              "sdp", "rtsp", "webm_dash_manifest", "imf"}) {
    if (name == refused) return false;
  }
  return true;
}

}  // namespace

std::string FfmpegMessage(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return text;
}

void CaptureFfmpegLog() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(ForwardLog); });
}

std::string FileUrl(const std::filesystem::path& path) { return "file:" + path.string(); }

InputContext OpenInput(const std::filesystem::path& path) {
  CaptureFfmpegLog();
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "file", 0);
  AVFormatContext* raw = nullptr;
  const int code = avformat_open_input(&raw, FileUrl(path).c_str(), nullptr, &options);
  av_dict_free(&options);
  if (code < 0) {
    if (code == AVERROR_INVALIDDATA) {
      throw Error("cannot read " + path.string() +
                      ": it is not a media file, or its beginning or index is missing",
                  "Check that the download or recording is complete");
    }
    if (code == AVERROR_EOF) {
      throw Error("cannot read " + path.string() + ": it ends before its first picture",
                  "Check that the download or recording is complete");
    }
    throw Error("cannot read " + path.string() + ": " + FfmpegMessage(code));
  }
  InputContext context(raw);
  if (!IsMediaFormat(context->iformat->name)) {
    throw Error("cannot read " + path.string() + ": it holds no pictures (it looks like " +
                    context->iformat->name + ")",
                "Give a video or a picture");
  }
  return context;
}

}  // namespace unmask
