#include "unmask/sampling/pair_sheet.h"

#include <opencv2/imgproc.hpp>
#include <string>

#include "unmask/media/opencv_view.h"

namespace unmask {

Image PairSheet(const PairSource& source, int columns, int rows) {
  const int size = source.output_size();
  const int gap = size / 16;
  const int text = source.ForgeryOf(0).empty() ? 0 : 14;  // pixels of the line above a pair
  Image sheet(columns * (2 * size + gap) + gap, rows * (size + text + gap) + gap);
  cv::Mat view = ViewOf(sheet);
  view.setTo(cv::Scalar::all(255));
  for (int i = 0; i < columns * rows; ++i) {
    const PairSource::Pair pair = source.Make(i);
    const int left = gap + i % columns * (2 * size + gap);
    const int top = gap + i / columns * (size + text + gap);
    cv::putText(view, std::string(source.ForgeryOf(i)), {left, top + text - 4},
                cv::FONT_HERSHEY_SIMPLEX, 0.4, cv::Scalar::all(0), 1, cv::LINE_AA);
    for (int half = 0; half < 2; ++half) {
      const Image& face = pair[static_cast<size_t>(half)].image;
      ViewOf(face).copyTo(view(cv::Rect(left + half * size, top + text, size, size)));
    }
  }
  return sheet;
}

}  // namespace unmask
