#pragma once

// For .cc files only: FFmpeg types stay out of public headers.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/cpu.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <filesystem>
#include <memory>
#include <string>

namespace unmask {

struct FfmpegDeleter {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};

using InputContext = std::unique_ptr<AVFormatContext, FfmpegDeleter>;
using CodecContext = std::unique_ptr<AVCodecContext, FfmpegDeleter>;
using FramePointer = std::unique_ptr<AVFrame, FfmpegDeleter>;
using PacketPointer = std::unique_ptr<AVPacket, FfmpegDeleter>;
using ScalerPointer = std::unique_ptr<SwsContext, FfmpegDeleter>;

// FFmpeg's text for an error code.
std::string FfmpegMessage(int code);

// FFmpeg's own messages go to our log instead of standard error. Cheap to call again.
void CaptureFfmpegLog();

// "file:…", so that a name with a colon or a leading dash is never taken for a protocol or option.
std::string FileUrl(const std::filesystem::path& path);

// Opens a media file for demuxing: local files only, no playlists that could name other files.
// Throws Error naming the file.
InputContext OpenInput(const std::filesystem::path& path);

}  // namespace unmask
