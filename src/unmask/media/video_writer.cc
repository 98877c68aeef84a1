#include "unmask/media/video_writer.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/log.h"
#include "unmask/media/ffmpeg_helpers.h"

namespace unmask {
namespace {

constexpr AVRational kTimeBase = {1, 90000};

}  // namespace

struct VideoWriter::Impl {
  Impl(const std::filesystem::path& path, int width_in, int height_in,
       const VideoWriterOptions& options_in)
      : options(options_in), file(path), width(width_in), height(height_in) {
    CaptureFfmpegLog();
    AVFormatContext* raw = nullptr;
    avformat_alloc_output_context2(&raw, nullptr, nullptr, file.temporary_path().c_str());
    output = raw;
    if (output == nullptr) {
      throw Error("cannot write " + path.string() + ": unknown kind of video",
                  "Use .mp4, .mkv or .mov");
    }
    try {
      OpenEncoder();
      OpenAudio();
      Check(avio_open(&output->pb, FileUrl(file.temporary_path()).c_str(), AVIO_FLAG_WRITE));
      AVDictionary* muxer = nullptr;
      av_dict_set(&muxer, "movflags", "+faststart", 0);
      const int code = avformat_write_header(output, &muxer);
      av_dict_free(&muxer);
      Check(code);
    } catch (...) {
      Close();
      throw;
    }
    packet.reset(av_packet_alloc());
  }

  ~Impl() { Close(); }

  void Close() {
    if (output == nullptr) return;
    avio_closep(&output->pb);
    avformat_free_context(output);
    output = nullptr;
  }

  void Check(int code) const {
    if (code >= 0) return;
    throw Error("cannot write " + file.target().string() + ": " + FfmpegMessage(code),
                code == AVERROR(ENOSPC) ? "Free some space" : "");
  }

  void OpenEncoder() {
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    if (codec == nullptr) {
      throw Error("this build of FFmpeg has no x264 encoder", "Install an FFmpeg with libx264");
    }
    if (avformat_query_codec(output->oformat, codec->id, FF_COMPLIANCE_NORMAL) != 1) {
      throw Error("cannot write " + file.target().string() + ": its container cannot hold H.264",
                  "Use .mp4, .mkv or .mov");
    }
    encoder.reset(avcodec_alloc_context3(codec));
    encoder->width = (width + 1) / 2 * 2;
    encoder->height = (height + 1) / 2 * 2;
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    if (options.threads > 0) encoder->thread_count = options.threads;
    encoder->time_base = kTimeBase;
    encoder->framerate = av_d2q(options.frames_per_second, 100000);
    encoder->color_range = AVCOL_RANGE_MPEG;
    const bool high_definition = encoder->height >= 720;
    encoder->colorspace = high_definition ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    encoder->color_primaries = high_definition ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    encoder->color_trc = high_definition ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
    if ((output->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
      encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }
    av_opt_set(encoder->priv_data, "preset", options.preset.c_str(), 0);
    av_opt_set_int(encoder->priv_data, "crf", options.crf, 0);
    // With AVX-512, x264 (build 164) looks ahead at memory that it has not written, for some
    // widths: the same frames gave other bytes then.
    if ((av_get_cpu_flags() & AV_CPU_FLAG_AVX512) != 0) {
      av_opt_set(encoder->priv_data, "x264-params", "asm=avx2", 0);
    }
    Check(avcodec_open2(encoder.get(), codec, nullptr));
    video = avformat_new_stream(output, nullptr);
    video->time_base = kTimeBase;
    Check(avcodec_parameters_from_context(video->codecpar, encoder.get()));

    scaler.reset(sws_getContext(encoder->width, encoder->height, AV_PIX_FMT_RGB24, encoder->width,
                                encoder->height, AV_PIX_FMT_YUV420P, SWS_BICUBIC | SWS_ACCURATE_RND,
                                nullptr, nullptr, nullptr));
    const int* matrix = sws_getCoefficients(high_definition ? SWS_CS_ITU709 : SWS_CS_ITU601);
    sws_setColorspaceDetails(scaler.get(), sws_getCoefficients(SWS_CS_DEFAULT), 1, matrix, 0, 0,
                             1 << 16, 1 << 16);
    frame.reset(av_frame_alloc());
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = encoder->width;
    frame->height = encoder->height;
    Check(av_frame_get_buffer(frame.get(), 0));
  }

  void OpenAudio() {
    if (options.audio_from.empty()) return;
    audio_input = OpenInput(options.audio_from);
    avformat_find_stream_info(audio_input.get(), nullptr);
    const int index =
        av_find_best_stream(audio_input.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
    if (index < 0) {
      audio_input.reset();
      return;
    }
    const AVStream& source = *audio_input->streams[index];
    if (avformat_query_codec(output->oformat, source.codecpar->codec_id, FF_COMPLIANCE_NORMAL) !=
        1) {
      Log(LogLevel::kWarning, "the audio of " + options.audio_from.string() +
                                  " does not fit into " + file.target().string() +
                                  " and is left out");
      audio_input.reset();
      return;
    }
    audio_index = index;
    audio = avformat_new_stream(output, nullptr);
    Check(avcodec_parameters_copy(audio->codecpar, source.codecpar));
    audio->codecpar->codec_tag = 0;
    audio->time_base = source.time_base;
    const int video_index =
        av_find_best_stream(audio_input.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    if (video_index >= 0) {
      const AVStream& pictures = *audio_input->streams[video_index];
      if (pictures.start_time != AV_NOPTS_VALUE) {
        audio_start = static_cast<double>(pictures.start_time) * av_q2d(pictures.time_base);
      }
    }
  }

  void Encode(const AVFrame* input) {
    Check(avcodec_send_frame(encoder.get(), input));
    while (true) {
      const int code = avcodec_receive_packet(encoder.get(), packet.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return;
      Check(code);
      packet->stream_index = video->index;
      // Without a duration the container's edit list would cut off the last frame.
      if (packet->duration <= 0) {
        packet->duration = av_rescale_q(1, av_inv_q(encoder->framerate), kTimeBase);
      }
      av_packet_rescale_ts(packet.get(), kTimeBase, video->time_base);
      Check(av_interleaved_write_frame(output, packet.get()));
    }
  }

  // Copies the audio up to `until` seconds.
  void CopyAudio(double until) {
    if (!audio_input) return;
    PacketPointer sound(av_packet_alloc());
    while (audio_time < until && av_read_frame(audio_input.get(), sound.get()) >= 0) {
      if (sound->stream_index == audio_index) {
        const AVStream& source = *audio_input->streams[audio_index];
        const int64_t shift = std::llround(audio_start / av_q2d(source.time_base));
        if (sound->pts != AV_NOPTS_VALUE) {
          sound->pts -= shift;
          audio_time = static_cast<double>(sound->pts) * av_q2d(source.time_base);
        }
        if (sound->dts != AV_NOPTS_VALUE) sound->dts -= shift;
        if (audio_time < until) {
          sound->stream_index = audio->index;
          sound->pos = -1;
          av_packet_rescale_ts(sound.get(), source.time_base, audio->time_base);
          Check(av_interleaved_write_frame(output, sound.get()));
        }
      }
      av_packet_unref(sound.get());
    }
  }

  VideoWriterOptions options;
  AtomicFile file;
  int width;
  int height;
  AVFormatContext* output = nullptr;
  AVStream* video = nullptr;
  AVStream* audio = nullptr;
  CodecContext encoder;
  ScalerPointer scaler;
  FramePointer frame;
  PacketPointer packet;
  InputContext audio_input;
  int audio_index = -1;
  double audio_start = 0;
  double audio_time = -1e9;
  int64_t count = 0;
  int64_t last_stamp = -1;
};

VideoWriter::VideoWriter(const std::filesystem::path& path, int width, int height,
                         const VideoWriterOptions& options) {
  if (width <= 0 || height <= 0) throw Error("cannot write a video of empty frames");
  if (options.crf < 0 || options.crf > 51) throw UsageError("CRF must be from 0 to 51");
  if (!(options.frames_per_second > 0)) throw UsageError("the frame rate must be positive");
  impl_ = std::make_unique<Impl>(path, width, height, options);
}

VideoWriter::~VideoWriter() = default;

void VideoWriter::Write(const Image& image, double time) {
  Impl& w = *impl_;
  if (image.width != w.width || image.height != w.height || image.channels != 3) {
    throw Error("a frame of another size was given to " + w.file.target().string());
  }
  Image padded;
  const Image* source = &image;
  if (w.encoder->width != w.width || w.encoder->height != w.height) {
    padded = Image(w.encoder->width, w.encoder->height);
    for (int y = 0; y < padded.height; ++y) {  // repeat the last row and column
      const uint8_t* from = image.row(std::min(y, image.height - 1));
      std::copy_n(from, image.row_bytes(), padded.row(y));
      if (padded.width > image.width) {
        std::copy_n(from + image.row_bytes() - 3, 3, padded.row(y) + image.row_bytes());
      }
    }
    source = &padded;
  }
  w.Check(av_frame_make_writable(w.frame.get()));
  const uint8_t* planes[4] = {source->data.data(), nullptr, nullptr, nullptr};
  const int strides[4] = {static_cast<int>(source->row_bytes()), 0, 0, 0};
  sws_scale(w.scaler.get(), planes, strides, 0, source->height, w.frame->data, w.frame->linesize);
  if (time < 0) time = static_cast<double>(w.count) / w.options.frames_per_second;
  const double ticks = time * kTimeBase.den;
  // What the containers can hold; a video that leaves more has damaged time stamps.
  constexpr double kLongestGap = INT32_MAX;
  if (!(ticks - static_cast<double>(w.last_stamp) < kLongestGap)) {
    throw Error("cannot write " + w.file.target().string() + ": frame " + std::to_string(w.count) +
                    " comes hours after the one before it",
                "The time stamps of what it is made of are damaged; ffmpeg -i SOURCE -vf "
                "setpts=N/25/TB -an REPAIRED.mp4 gives it new ones");
  }
  const int64_t stamp = std::max<int64_t>(std::llround(ticks), w.last_stamp + 1);
  w.frame->pts = stamp;
  w.frame->pict_type = AV_PICTURE_TYPE_NONE;
  w.last_stamp = stamp;
  ++w.count;
  w.Encode(w.frame.get());
  w.CopyAudio(time);
}

void VideoWriter::Finish() {
  Impl& w = *impl_;
  w.Encode(nullptr);
  if (w.last_stamp >= 0) {
    w.CopyAudio(static_cast<double>(w.last_stamp) / kTimeBase.den +
                1.0 / w.options.frames_per_second);
  }
  w.Check(av_write_trailer(w.output));
  w.Check(avio_closep(&w.output->pb));
  w.Close();
  w.file.Commit();
}

}  // namespace unmask
