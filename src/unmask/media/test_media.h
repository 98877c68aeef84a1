#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "unmask/base/temporary_folder.h"

namespace unmask {

// For tests that need media.
class MadeMedia : public testing::Test {
 protected:
  // A file by the ffmpeg program, the independent maker of test material.
  std::filesystem::path Make(const std::string& arguments, const std::string& name) {
    const std::filesystem::path path = folder_.path() / name;
    const std::string command =
        "ffmpeg -nostdin -v error -y " + arguments + " '" + path.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return path;
  }

  TemporaryFolder folder_;
};

}  // namespace unmask
