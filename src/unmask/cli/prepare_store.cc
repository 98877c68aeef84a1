#include "unmask/cli/prepare_store.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "unmask/base/atomic_file.h"
#include "unmask/base/error.h"
#include "unmask/base/json.h"
#include "unmask/base/text.h"
#include "unmask/console/output.h"
#include "unmask/console/signals.h"
#include "unmask/data/crop_store.h"
#include "unmask/data/crop_store_check.h"
#include "unmask/data/crop_store_merge.h"
#include "unmask/data/crop_store_sheet.h"
#include "unmask/media/picture.h"

namespace unmask {
namespace {

namespace fs = std::filesystem;

std::string Counted(int64_t count, const char* noun) {
  return CountOf(static_cast<size_t>(count), noun);
}

Json ToJson(const PrepareResult& result, const fs::path& out) {
  Json json = {{"store", out.string()},
               {"files", result.files_with_faces()},
               {"tracks", result.tracks()},
               {"faces", result.faces()},
               {"failures", Json::array()},
               {"no_faces", Json::array()},
               {"done_before", result.done_before}};
  for (const SourceFile& file : result.files) {
    if (!file.failure.empty()) {
      json["failures"].push_back(
          {{"file", file.source}, {"error", file.failure}, {"remedy", file.remedy}});
    } else if (file.faces == 0) {
      json["no_faces"].push_back(file.source);
    }
  }
  return json;
}

}  // namespace

void PrintPrepared(const PrepareResult& result, const fs::path& out, bool json) {
  if (json) {
    PrintJson(ToJson(result, out));
    return;
  }
  int64_t failed = 0;
  for (const SourceFile& file : result.files) failed += file.failure.empty() ? 0 : 1;
  const auto all = static_cast<int64_t>(result.files.size());
  std::string text = out.string() + (result.was_finished ? ": was done already, " : ": ") +
                     Counted(result.faces(), "face") + " in " + Counted(result.tracks(), "track") +
                     " of " + Counted(result.files_with_faces(), "file") + "\n";
  const int64_t without = all - result.files_with_faces() - failed;
  if (without > 0) text += "no face found in " + Counted(without, "file") + "\n";
  if (failed > 0) text += "failed: " + Counted(failed, "file") + "\n";
  Print(text);
}

int RunStoreCheck(const fs::path& path, int threads, bool json) {
  const auto progress = MakeProgress("check", "faces");
  const StoreCheck check =
      CheckCropStore(path, threads, &GlobalCancelToken(),
                     [&](int64_t done, int64_t total) { progress->Update(done, total, ""); });
  progress->Finish();
  const int64_t faults = static_cast<int64_t>(check.faults.size()) + check.more_faults;
  if (json) {
    PrintJson({{"store", path.string()},
               {"files", check.files},
               {"faces", check.faces},
               {"sound", faults == 0},
               {"faults", check.faults},
               {"more_faults", check.more_faults}});
  } else {
    std::string text;
    for (const std::string& fault : check.faults) text += Printable(fault) + "\n";
    if (check.more_faults > 0) text += "and " + std::to_string(check.more_faults) + " more\n";
    if (faults == 0) {
      text += path.string() + ": sound, " + Counted(check.faces, "face") + " of " +
              Counted(check.files, "file") + "\n";
    }
    Print(text);
  }
  if (faults == 0) return 0;
  PrintError(Error(path.string() + ": " + Counted(faults, "fault"),
                   "Take a copy that is whole, or prepare it again with --overwrite"));
  return 1;
}

int RunStoreMerge(const std::vector<fs::path>& stores, const fs::path& out, bool json) {
  const auto progress = MakeProgress("merge", "files");
  const StoreMerge merge =
      MergeCropStores(stores, out, &GlobalCancelToken(),
                      [&](int64_t done, int64_t total) { progress->Update(done, total, ""); });
  progress->Finish();
  for (const std::string& note : merge.notes) PrintNote(note);
  if (json) {
    PrintJson({{"store", out.string()},
               {"stores", stores.size()},
               {"files", merge.files},
               {"faces", merge.faces},
               {"notes", merge.notes}});
  } else {
    Print(out.string() + ": " + Counted(merge.faces, "face") + " of " +
          Counted(merge.files, "file") + " from " + CountOf(stores.size(), "store") + "\n");
  }
  return 0;
}

void WriteStoreSheet(const fs::path& store, const fs::path& picture) {
  RefuseToOverwrite(picture, {store});
  WritePicture(picture, StoreSheet(OpenCropStore(store)));
}

}  // namespace unmask
