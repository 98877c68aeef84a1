#pragma once

#include <filesystem>
#include <string>

#include "unmask/study/cell.h"

namespace unmask {

// The folder of a study:
//
//   study.json        which plan it belongs to
//   stores/c23.store  prepared faces
//   cells/NAME-KEY/   a cell's options, log, training run and model
//   results/NAME-KEY.json   its result: small, worth keeping
//   figures/, tables/, report.*
class StudyFolder {
 public:
  // Throws Error when the folder belongs to a plan of another name or holds other things.
  StudyFolder(const std::filesystem::path& path, const StudyPlan& plan);

  // Makes the folder where it is not there. Throws Error when it cannot be written.
  void Make() const;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path store(const std::string& quality) const;
  std::filesystem::path cell(const Cell& cell) const;
  std::filesystem::path log(const Cell& cell) const;
  std::filesystem::path model(const Cell& cell) const;

  // Where the cell's finished result is: here, else among the plan's `finished` ones; empty: it is
  // not finished.
  std::filesystem::path FindResult(const Cell& cell) const;
  std::filesystem::path NewResult(const Cell& cell) const;  // where it is to be written

  // The same of a figure, by its file's name. One that was made elsewhere, in `figures` beside the
  // folder of the finished results, is copied, so that the report does not depend on it. Throws
  // Error when it cannot be.
  std::filesystem::path FindFigure(const std::string& name) const;
  std::filesystem::path NewFigure(const std::string& name) const;

 private:
  std::filesystem::path path_;
  std::string plan_;
  std::filesystem::path finished_;
};

}  // namespace unmask
