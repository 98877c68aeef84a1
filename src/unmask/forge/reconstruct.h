#pragma once

#include "unmask/forge/autoencoders.h"
#include "unmask/forge/forgery.h"

namespace unmask {

// The forgery Reconstruct() of face_forgeries.h, with autoencoders of one's own.
RealAndFake Reconstruct(const ForgeryInput& input, const Autoencoders& autoencoders,
                        Random& random);

}  // namespace unmask
