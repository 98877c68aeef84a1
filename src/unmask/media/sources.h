#pragma once

// The kinds of FrameSource; OpenMedia() chooses between them by the content of the file.

#include <filesystem>
#include <memory>

#include "unmask/media/frame_source.h"

namespace unmask {

std::unique_ptr<FrameSource> OpenVideo(const std::filesystem::path& path,
                                       const MediaOptions& options);
std::unique_ptr<FrameSource> OpenPicture(const std::filesystem::path& path,
                                         const MediaOptions& options);
std::unique_ptr<FrameSource> OpenWebpAnimation(const std::filesystem::path& path,
                                               const MediaOptions& options);

// Throws Error when a frame of this size is empty or larger than the options allow.
void CheckFrameSize(const std::filesystem::path& path, int64_t width, int64_t height,
                    const MediaOptions& options);

}  // namespace unmask
