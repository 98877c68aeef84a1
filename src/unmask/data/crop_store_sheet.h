#pragma once

#include "unmask/data/crop_store.h"

namespace unmask {

struct StoreSheetOptions {
  int columns = 12;  // faces in a row
  int rows = 2;      // for each class
  int side = 112;    // of a face, pixels
  int classes = 40;  // at most; further ones are left out

  void Validate() const;
};

// A picture of a store: for each class a heading (its name, label, faces and files) and faces drawn
// evenly from all its files. Throws Error when the store holds no face or a crop is damaged.
Image StoreSheet(const CropStore& store, const StoreSheetOptions& options = {});

}  // namespace unmask
