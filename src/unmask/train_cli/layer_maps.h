#pragma once

namespace unmask {

// `unmask-train --layer-maps MODEL LAYER METHOD TARGET`, which `unmask explain --layer` runs: reads
// crops from standard input, writes their maps to standard output; see explain/layer_maps.cc for
// the conversation. Returns the exit code; throws Error.
int MakeLayerMaps(int argc, char** argv);

}  // namespace unmask
