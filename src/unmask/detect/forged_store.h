#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "unmask/detect/store_scores.h"

namespace unmask {

// The selected files of a store as a model is measured on them: as they are, or with pairs of a
// real and a forged copy in place of each real file, and all crops scaled and compressed alike.
class ForgedStore {
 public:
  // A file to be judged.
  struct File {
    ScoredFile scores;  // none yet; of a copy, its name ends in "#FORGERY"
    std::string source;
    std::string forgery;  // by which its pair is made; empty: the stored crops
  };

  // `store` must outlive it. Throws Error as SelectFiles() does and where a forgery lacks its means
  // or another person's faces; UsageError for an unknown forgery, CRF or face size.
  ForgedStore(const CropStore& store, const StoreSelection& selection);
  ~ForgedStore();

  const std::vector<File>& files() const { return files_; }

  // What the file shows of the stored face `record`, at the size of the store. The same every time,
  // from any thread. Throws Error where the face is damaged, or stored with fewer pixels than asked
  // for.
  Image Crop(const File& file, const CropRecord& record) const;

 private:
  struct Other;  // faces of other people

  // Half of the pair of a file with a forgery.
  Image Forged(const File& file, const CropRecord& record) const;

  const CropStore& store_;
  const StoreSelection selection_;
  std::vector<File> files_;
  std::unique_ptr<const Other> other_;
};

}  // namespace unmask
