#pragma once

#include "unmask/forge/forgery.h"

namespace unmask {

// What the table of forgeries points at; one file each, which says what is done.
RealAndFake SelfBlend(const ForgeryInput& input, Random& random);
RealAndFake CrossBlend(const ForgeryInput& input, Random& random);
RealAndFake LocalWarp(const ForgeryInput& input, Random& random);
RealAndFake Resample(const ForgeryInput& input, Random& random);
RealAndFake Reconstruct(const ForgeryInput& input, Random& random);

// Forgery::means of Reconstruct().
std::string InstalledAutoencoders();

}  // namespace unmask
