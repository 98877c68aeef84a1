#include "unmask/data/crop_store_sheet.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <opencv2/imgproc.hpp>
#include <set>
#include <string>

#include "unmask/base/error.h"
#include "unmask/base/text.h"
#include "unmask/media/opencv_view.h"

namespace unmask {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr int kGap = 4;       // pixels between faces
constexpr int kHeading = 34;  // height of the band above the faces of a class
constexpr double kLetters = 0.6;

struct Group {
  std::vector<const CropRecord*> records;
  std::set<std::string> sources;
  std::map<std::string, int64_t> splits;  // faces
};

// Real ones first, then by name.
using Groups = std::map<std::pair<int, std::string>, Group>;

Groups GroupsOf(const CropStore& store) {
  Groups groups;
  for (const CropRecord& record : store.records) {
    Group& group = groups[{record.label, record.class_name}];
    group.records.push_back(&record);
    group.sources.insert(record.source);
    ++group.splits[record.split];
  }
  return groups;
}

std::string HeadingOf(int label, const std::string& class_name, const Group& group) {
  std::string text = class_name.empty() ? "no class" : class_name;
  const std::string kind = label == 1 ? "fake" : label == 0 ? "real" : "no label";
  if (text != kind) text += " (" + kind + ")";
  text +=
      ": " + CountOf(group.records.size(), "face") + " of " + CountOf(group.sources.size(), "file");
  for (const char* split : {"train", "val", "test"}) {
    const auto found = group.splits.find(split);
    if (found != group.splits.end()) {
      text += std::string(", ") + split + " " + std::to_string(found->second);
    }
  }
  // The font has no other letters.
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  }
  return text;
}

void DrawHeading(const std::string& text, int top, cv::Mat& sheet) {
  double scale = kLetters;
  int baseline = 0;
  const int width = cv::getTextSize(text, kFont, scale, 1, &baseline).width;
  scale = std::min(scale, scale * (sheet.cols - 4 * kGap) / std::max(1, width));
  cv::putText(sheet, text, {2 * kGap, top + kHeading - 11}, kFont, scale, cv::Scalar::all(0), 1,
              cv::LINE_AA);
}

void DrawFaces(const CropStore& store, const Group& group, const StoreSheetOptions& options,
               int top, cv::Mat& sheet) {
  const auto count = static_cast<int64_t>(group.records.size());
  const int64_t shown = std::min<int64_t>(count, options.columns * options.rows);
  for (int64_t i = 0; i < shown; ++i) {
    // The middles of equal shares of all faces.
    const auto index = static_cast<size_t>((2 * i + 1) * count / (2 * shown));
    const Image crop = store.ReadCrop(*group.records[index]);
    const int x = kGap + static_cast<int>(i % options.columns) * (options.side + kGap);
    const int y = top + static_cast<int>(i / options.columns) * (options.side + kGap);
    cv::Mat cell = sheet(cv::Rect(x, y, options.side, options.side));
    cv::resize(ViewOf(crop), cell, cell.size(), 0, 0, cv::INTER_AREA);
  }
}

}  // namespace

void StoreSheetOptions::Validate() const {
  if (columns < 1 || rows < 1 || side < 16 || classes < 1 || columns > 100 || rows > 100 ||
      side > 1024 || classes > 200) {
    throw UsageError("a sheet has 1 … 100 columns and rows, faces of 16 … 1024 pixels");
  }
}

Image StoreSheet(const CropStore& store, const StoreSheetOptions& options) {
  options.Validate();
  const Groups groups = GroupsOf(store);
  if (groups.empty()) throw Error(store.path.string() + ": holds no face to draw");
  const auto rows_of = [&](const Group& group) {
    const auto count = static_cast<int>(std::min<size_t>(
        group.records.size(), static_cast<size_t>(options.columns * options.rows)));
    return (count + options.columns - 1) / options.columns;
  };
  int height = kGap;
  int left = options.classes;
  for (const auto& [key, group] : groups) {
    if (left-- > 0) height += kHeading + rows_of(group) * (options.side + kGap);
  }
  Image sheet(kGap + options.columns * (options.side + kGap), height);
  std::memset(sheet.data.data(), 255, sheet.data.size());
  cv::Mat view = ViewOf(sheet);
  int top = 0;
  left = options.classes;
  for (const auto& [key, group] : groups) {
    if (left-- == 0) break;
    DrawHeading(HeadingOf(key.first, key.second, group), top, view);
    top += kHeading;
    DrawFaces(store, group, options, top, view);
    top += rows_of(group) * (options.side + kGap);
  }
  return sheet;
}

}  // namespace unmask
