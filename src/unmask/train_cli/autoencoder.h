#pragma once

namespace unmask {

// Whether --autoencoder is among the arguments.
bool AsksForAutoencoder(int argc, char** argv);

// `unmask train --autoencoder KIND STORES --out FILE.onnx`, a program of its own with options of
// its own. Returns the exit code; throws Error.
int TrainAutoencoderProgram(int argc, char** argv);

}  // namespace unmask
