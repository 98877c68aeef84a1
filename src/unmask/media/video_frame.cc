#include "unmask/media/video_frame.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "unmask/base/error.h"
#include "unmask/media/opencv_view.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
}

namespace unmask {
namespace {

// Unspecified matrices are guessed by height, as players do.
AVColorSpace ColourMatrix(const AVFrame& frame) {
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_SMPTE240M:
      return frame.colorspace;
    default:
      return frame.height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  }
}

int SwscaleMatrix(const AVFrame& frame) {
  switch (ColourMatrix(frame)) {
    case AVCOL_SPC_BT709:
      return SWS_CS_ITU709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return SWS_CS_BT2020;
    case AVCOL_SPC_FCC:
      return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M:
      return SWS_CS_SMPTE240M;
    default:
      return SWS_CS_ITU601;
  }
}

// The "J" formats only say "full range"; swscale wants that said separately. So does grey, which is
// always of full range there.
AVPixelFormat WithoutJ(AVPixelFormat format, bool* full_range) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      *full_range = true;
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      *full_range = true;
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      *full_range = true;
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      *full_range = true;
      return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_GRAY8:
      *full_range = true;
      return format;
    default:
      return format;
  }
}

// Pixels around a part that its conversion may look at.
constexpr int kMargin = 8;
// Parts are converted from, and up to, multiples of this: whole chroma samples, and rows that begin
// where vector instructions like it.
constexpr int kStep = 32;

FramePointer Reference(const AVFrame& frame) {
  FramePointer reference(av_frame_clone(&frame));
  if (!reference) throw std::bad_alloc();
  return reference;
}

// The picture from (left, top) on, without a copy; nothing where its format cannot be cut so.
FramePointer Cut(const AVFrame& frame, const PixelRectangle& part) {
  FramePointer cut = Reference(frame);
  cut->crop_left = static_cast<size_t>(part.x);
  cut->crop_top = static_cast<size_t>(part.y);
  cut->crop_right = static_cast<size_t>(frame.width - part.x - part.width);
  cut->crop_bottom = static_cast<size_t>(frame.height - part.y - part.height);
  const bool done = av_frame_apply_cropping(cut.get(), AV_FRAME_CROP_UNALIGNED) >= 0 &&
                    cut->width == part.width && cut->height == part.height;
  return done ? std::move(cut) : nullptr;
}

// The smallest rectangle around two.
PixelRectangle Union(const PixelRectangle& a, const PixelRectangle& b) {
  const int x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  return {x, y, std::max(a.x + a.width, b.x + b.width) - x,
          std::max(a.y + a.height, b.y + b.height) - y};
}

class VideoFrame : public Frame {
 public:
  VideoFrame(FramePointer frame, const Orientation& orientation, int width, int height,
             std::shared_ptr<RgbConverterPool> converters)
      : Frame(width, height),
        frame_(std::move(frame)),
        orientation_(orientation),
        converters_(std::move(converters)) {
    frame_->colorspace = ColourMatrix(*frame_);  // a part is less high
  }

  void Foresee(const PixelRectangle& part) const override {
    const bool inside = part.x >= 0 && part.y >= 0 && part.width > 0 && part.height > 0 &&
                        part.width <= width() - part.x && part.height <= height() - part.y;
    foreseen_ =
        inside ? orientation_.Decoded(part, frame_->width, frame_->height) : PixelRectangle{};
  }

 private:
  Image Convert(const PixelRectangle& upright) const override {
    const PixelRectangle part = orientation_.Decoded(upright, frame_->width, frame_->height);
    if (!Covers(part)) {
      const PixelRectangle foreseen = std::exchange(foreseen_, {});
      seen_ = Around(foreseen.width > 0 ? Union(part, foreseen) : part);
      const FramePointer cut = Cut(*frame_, seen_);
      if (!cut) seen_ = {0, 0, frame_->width, frame_->height};
      converted_ = Image(seen_.width, seen_.height);
      converters_->Convert(cut ? *cut : *frame_, &converted_);
    }
    return orientation_.Upright(
        FrameOf(converted_)->Part({part.x - seen_.x, part.y - seen_.y, part.width, part.height}));
  }

  // Whether the last part that was converted shows this one, with what its conversion looks at: who
  // looks at a face looks twice.
  bool Covers(const PixelRectangle& part) const {
    const auto covers = [](int begin, int size, int seen, int seen_size, int limit) {
      const int low = std::max(0, begin - kMargin);
      const int high = std::min(limit, begin + size + kMargin);
      return low >= seen && high <= seen + seen_size;
    };
    return covers(part.x, part.width, seen_.x, seen_.width, frame_->width) &&
           covers(part.y, part.height, seen_.y, seen_.height, frame_->height);
  }

  // `part` with what its conversion may look at, up to whole steps of kStep pixels. The scaler
  // takes half of an odd size for its number of chroma samples, which shifts them: then the whole.
  PixelRectangle Around(const PixelRectangle& part) const {
    const AVPixFmtDescriptor* format =
        av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame_->format));
    if (format == nullptr || frame_->width % (1 << format->log2_chroma_w) != 0 ||
        frame_->height % (1 << format->log2_chroma_h) != 0) {
      return {0, 0, frame_->width, frame_->height};
    }
    const auto range = [](int begin, int size, int limit) {
      const int first = std::max(0, begin - kMargin) / kStep * kStep;
      const int last = (begin + size + kMargin + kStep - 1) / kStep * kStep;
      return std::pair{first, std::min(last, limit) - first};
    };
    const auto [x, width] = range(part.x, part.width, frame_->width);
    const auto [y, height] = range(part.y, part.height, frame_->height);
    return {x, y, width, height};
  }

  Image Reduce(int width, int height) const override {
    const bool swap = orientation_.swaps_sides();
    Image reduced(swap ? height : width, swap ? width : height);
    converters_->Convert(*frame_, &reduced, true);
    return orientation_.Upright(std::move(reduced));
  }

  FramePointer frame_;
  Orientation orientation_;
  std::shared_ptr<RgbConverterPool> converters_;
  // Of the decoded picture.
  mutable PixelRectangle seen_;  // in converted_
  mutable PixelRectangle foreseen_;
  mutable Image converted_;
};

}  // namespace

Image Orientation::Upright(Image image) const {
  if (flip_horizontally) cv::flip(ViewOf(image), ViewOf(image), 1);
  if (quarter_turns == 0) return image;
  Image upright(swaps_sides() ? image.height : image.width,
                swaps_sides() ? image.width : image.height);
  cv::Mat target = ViewOf(upright);
  constexpr cv::RotateFlags kTurns[] = {cv::ROTATE_90_CLOCKWISE, cv::ROTATE_180,
                                        cv::ROTATE_90_COUNTERCLOCKWISE};
  cv::rotate(ViewOf(image), target, kTurns[quarter_turns - 1]);
  return upright;
}

PixelRectangle Orientation::Decoded(const PixelRectangle& part, int width, int height) const {
  PixelRectangle decoded = part;
  const int right = part.x + part.width, bottom = part.y + part.height;
  if (quarter_turns == 1) {
    decoded = {part.y, height - right, part.height, part.width};
  } else if (quarter_turns == 2) {
    decoded = {width - right, height - bottom, part.width, part.height};
  } else if (quarter_turns == 3) {
    decoded = {width - bottom, part.x, part.height, part.width};
  }
  if (flip_horizontally) decoded.x = width - decoded.x - decoded.width;
  return decoded;
}

namespace {

// Whether the scaler computes the three colours of this format, rather than copies them.
bool IsLumaAndChroma(AVPixelFormat format) {
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(format);
  return description != nullptr && (description->flags & AV_PIX_FMT_FLAG_RGB) == 0 &&
         description->nb_components >= 3;
}

// Bytes; the scaler may write a whole vector at a row's end.
constexpr int kRowAlignment = 64;

// Whether so much lies between rows as beside a part of a wider frame.
bool RowsLieApart(const AVFrame& frame) {
  const int row = av_image_get_linesize(static_cast<AVPixelFormat>(frame.format), frame.width, 0);
  return row > 0 && frame.linesize[0] > row + row / 4;
}

}  // namespace

Error RgbConverter::ConversionError() const {
  return Error("cannot convert the frames of " + path_.string() + " to RGB",
               "Convert it, for example to H.264");
}

// With AVX2 the scaler gathers luma by instructions that wait for memory: where rows lie apart,
// that takes twice as long as copying them together first.
RgbConverter::Source RgbConverter::CopyTogether(const AVFrame& frame) {
  Source source;
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const int bytes = av_image_get_buffer_size(format, frame.width, frame.height, kRowAlignment);
  if (bytes < 0) throw ConversionError();
  together_.resize(static_cast<size_t>(bytes) + kRowAlignment);
  av_image_fill_arrays(source.rows, source.strides, together_.data(), format, frame.width,
                       frame.height, kRowAlignment);
  av_image_copy(source.rows, source.strides, const_cast<const uint8_t**>(frame.data),
                frame.linesize, format, frame.width, frame.height);
  return source;
}

// To planes, as the scaler has vector instructions for those alone: 2.5 times as fast, and chroma
// is interpolated from row to row.
void RgbConverter::Convert(const AVFrame& frame, Image* image, bool area) {
  bool full_range = frame.color_range == AVCOL_RANGE_JPEG;
  const AVPixelFormat format = WithoutJ(static_cast<AVPixelFormat>(frame.format), &full_range);
  const bool resized = frame.width != image->width || frame.height != image->height;
  const int filter = area ? SWS_AREA : (resized ? SWS_BICUBIC : SWS_BILINEAR);
  const bool planar = IsLumaAndChroma(format);
  scaler_.reset(sws_getCachedContext(
      scaler_.release(), frame.width, frame.height, format, image->width, image->height,
      planar ? AV_PIX_FMT_GBRP : AV_PIX_FMT_RGB24, SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | filter,
      nullptr, nullptr, nullptr));
  if (!scaler_) throw ConversionError();
  const int* matrix = sws_getCoefficients(SwscaleMatrix(frame));
  sws_setColorspaceDetails(scaler_.get(), matrix, full_range ? 1 : 0,
                           sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
  if (!planar) {
    uint8_t* rows[4] = {image->data.data(), nullptr, nullptr, nullptr};
    int strides[4] = {static_cast<int>(image->row_bytes()), 0, 0, 0};
    sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, rows, strides);
    return;
  }
  std::array<cv::Mat, 3> colours;  // red, green, blue
  const int stride = (image->width + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
  const size_t plane = static_cast<size_t>(stride) * image->height;
  planes_.resize(3 * plane + kRowAlignment);
  for (size_t i = 0; i < colours.size(); ++i) {
    colours[i] = cv::Mat(image->height, image->width, CV_8UC1, planes_.data() + i * plane,
                         static_cast<size_t>(stride));
  }
  uint8_t* rows[4] = {colours[1].data, colours[2].data, colours[0].data, nullptr};
  int strides[4] = {stride, stride, stride, 0};
  if (!resized && RowsLieApart(frame)) {
    const Source source = CopyTogether(frame);
    sws_scale(scaler_.get(), source.rows, source.strides, 0, frame.height, rows, strides);
  } else {
    sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, rows, strides);
  }
  cv::Mat target = ViewOf(*image);
  cv::merge(colours.data(), colours.size(), target);
}

void RgbConverterPool::Convert(const AVFrame& frame, Image* image, bool area) {
  std::unique_ptr<RgbConverter> converter;
  Converters& idle = idle_[area ? 1 : 0];
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!idle.empty()) {
      converter = std::move(idle.back());
      idle.pop_back();
    }
  }
  if (!converter) converter = std::make_unique<RgbConverter>(path_);
  converter->Convert(frame, image, area);
  const std::lock_guard<std::mutex> lock(mutex_);
  idle.push_back(std::move(converter));
}

std::unique_ptr<Frame> MakeVideoFrame(const AVFrame& frame, const Orientation& orientation,
                                      std::shared_ptr<RgbConverterPool> converters) {
  const bool swap = orientation.swaps_sides();
  return std::make_unique<VideoFrame>(Reference(frame), orientation,
                                      swap ? frame.height : frame.width,
                                      swap ? frame.width : frame.height, std::move(converters));
}

}  // namespace unmask
